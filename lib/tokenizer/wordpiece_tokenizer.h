#pragma once
// BERT's tokenizer: added tokens, BertNormalizer, white space and punctuation, WordPiece.

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/added_tokens.h"
#include "tokenizer/vocabulary_tokenizer.h"
#include "tokenizer/wordpiece.h"
#include "tokenizer/wordpiece_settings.h"

namespace adaptune {

class WordPieceTokenizer : public VocabularyTokenizer {
 public:
  // Throws InputError if the unknown token is not in the vocabulary.
  explicit WordPieceTokenizer(WordPieceSettings settings);
  WordPieceTokenizer(const WordPieceTokenizer&) = delete;  // the table borrows the settings' tokens
  WordPieceTokenizer& operator=(const WordPieceTokenizer&) = delete;

  std::string description() const override;

 private:
  struct Run;  // one text being tokenized
  enum class AsciiClass : uint8_t { kWord, kSpace, kPunctuation, kOther };

  void tokenize(std::string_view text, Input input, TextTokens& tokens) const override;
  std::string join(const std::vector<std::string>& tokens) const override;
  bool is_plain_ascii(std::string_view text) const;
  void tokenize_ascii(std::string_view text, Run& run) const;
  void tokenize_points(std::u32string_view text, Run& run) const;
  void tokenize_normalized(const AlignedText& text, Run& run) const;
  void append_words(const AlignedText& text, std::size_t begin, std::size_t end, Run& run) const;
  void append_word(const AlignedText& text, std::size_t begin, std::size_t end, Run& run) const;
  void append_ascii_word(std::string_view word, std::size_t begin, Run& run) const;
  void fill_ascii_table();

  const WordPieceSettings settings_;
  WordPiece wordpiece_;
  int32_t unknown_id_;
  AddedTokenMatcher raw_added_, normalized_added_;
  struct AsciiEntry {
    AsciiClass kind;
    char lower;
  };
  std::array<AsciiEntry, 256> ascii_;
};

}  // namespace adaptune
