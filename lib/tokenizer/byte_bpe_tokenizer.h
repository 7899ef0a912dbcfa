#pragma once
// The tokenizer of GPT-2 and RoBERTa: added tokens, GPT-2's words, BPE over their bytes.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/byte_bpe.h"
#include "tokenizer/byte_bpe_settings.h"
#include "tokenizer/vocabulary_tokenizer.h"

namespace adaptune {

// Words that were split before stand behind a blank each, as in a text.
class ByteBpeTokenizer : public VocabularyTokenizer {
 public:
  // Throws InputError where vocabulary and merges do not belong together.
  explicit ByteBpeTokenizer(const ByteBpeSettings& settings);

  std::string description() const override;

 private:
  struct Run;  // one text being tokenized

  void tokenize(std::string_view text, Input input, TextTokens& tokens) const override;
  Encoding finished(Encoding encoding) const override;
  std::string join(const std::vector<std::string>& tokens) const override;
  void tokenize_part(std::u32string_view text, std::size_t begin, Run& run) const;
  void append_word(std::size_t begin, std::size_t end, Run& run) const;

  struct Blanks {
    int32_t before, after;  // characters of a token
  };
  static Blanks blanks_of(std::u32string_view token);
  using Range = std::pair<int32_t, int32_t>;
  // `first`: it begins a text.
  Range trimmed(Range range, Blanks blanks, bool first) const;

  bool add_prefix_space_, trim_offsets_;
  ByteBpe bpe_;
  AddedTokenMatcher added_;
  std::vector<Blanks> blanks_;  // by id
};

}  // namespace adaptune
