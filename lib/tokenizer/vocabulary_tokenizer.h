#pragma once
// What the kinds of tokenizers share: texts become tokens, tokens one encoding with special ones around them.

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/added_tokens.h"
#include "tokenizer/token_inventory.h"
#include "tokenizer/tokenizer.h"

namespace adaptune {

class VocabularyTokenizer : public Tokenizer {
 public:
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
  int32_t pad_id() const override { return pad_id_; }
  std::optional<int32_t> mask_id() const override { return mask_id_; }
  std::string fingerprint() const override { return fingerprint_; }

 protected:
  enum class Input { kText, kWord };  // a whole text, or one word of a text that was split before

  VocabularyTokenizer(const TokenInventory& inventory, std::string fingerprint);
  // Appends the tokens of a text, with word_ids from 0.
  virtual void tokenize(std::string_view text, Input input, TextTokens& tokens) const = 0;
  // The last step for an encoding.
  virtual Encoding finished(Encoding encoding) const { return encoding; }
  virtual std::string join(const std::vector<std::string>& tokens) const = 0;

 private:
  TextTokens tokenize(std::string_view text) const;

  SequenceTemplate layout_;
  int32_t pad_id_;
  std::optional<int32_t> mask_id_;
  std::vector<std::string> tokens_;  // by id, added ones too
  std::vector<bool> special_;        // by id
  std::string fingerprint_;
};

}  // namespace adaptune
