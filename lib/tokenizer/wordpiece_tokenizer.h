#pragma once
// BERT's tokenizer: added tokens, BertNormalizer, white space and punctuation, WordPiece.

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/added_tokens.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/wordpiece.h"
#include "tokenizer/wordpiece_settings.h"

namespace adaptune {

class WordPieceTokenizer : public Tokenizer {
 public:
  // Throws InputError if the unknown token is not in the vocabulary.
  explicit WordPieceTokenizer(WordPieceSettings settings);
  WordPieceTokenizer(const WordPieceTokenizer&) = delete;  // the table borrows the settings' tokens
  WordPieceTokenizer& operator=(const WordPieceTokenizer&) = delete;

  Encoding encode(const std::string& text, const EncodeOptions& options) const override;
  Encoding encode_pair(const std::string& first, const std::string& second,
                       const EncodeOptions& options) const override;
  Encoding encode_words(const std::vector<std::string>& words, const EncodeOptions& options) const override;
  std::vector<Encoding> encode_windows(const std::string& first, const std::string& second,
                                       const EncodeOptions& options, int64_t stride) const override;
  // Both throw InputError for an id that is not in the vocabulary.
  std::string decode(const std::vector<int32_t>& ids, bool skip_special_tokens) const override;
  std::string token(int32_t id) const override;
  // The largest id, of added tokens too, plus one.
  int64_t vocabulary_size() const override { return static_cast<int64_t>(tokens_.size()); }
  int32_t pad_id() const override { return settings_.pad_id; }
  std::string description() const override;
  std::string fingerprint() const override { return fingerprint_; }

 private:
  struct Run;  // one text being tokenized
  enum class AsciiClass : uint8_t { kWord, kSpace, kPunctuation, kOther };

  void tokenize(std::string_view text, TextTokens& tokens) const;
  TextTokens tokenize(std::string_view text) const;
  bool is_plain_ascii(std::string_view text) const;
  void tokenize_ascii(std::string_view text, Run& run) const;
  void tokenize_points(std::u32string_view text, Run& run) const;
  void tokenize_normalized(const AlignedText& text, Run& run) const;
  void append_words(const AlignedText& text, std::size_t begin, std::size_t end, Run& run) const;
  void append_word(const AlignedText& text, std::size_t begin, std::size_t end, Run& run) const;
  void append_ascii_word(std::string_view word, std::size_t begin, Run& run) const;
  void fill_ascii_table();

  const WordPieceSettings settings_;
  std::vector<std::string> tokens_;  // by id, added ones too
  std::vector<bool> special_;        // by id
  WordPiece wordpiece_;
  int32_t unknown_id_;
  AddedTokenMatcher raw_added_, normalized_added_;
  struct AsciiEntry {
    AsciiClass kind;
    char lower;
  };
  std::array<AsciiEntry, 256> ascii_;
  std::string fingerprint_;
};

}  // namespace adaptune
