#include "tokenizer/vocabulary_tokenizer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace adaptune {

VocabularyTokenizer::VocabularyTokenizer(const TokenInventory& inventory, std::string fingerprint)
    : layout_(inventory.layout),
      pad_id_(inventory.pad_id),
      mask_id_(inventory.mask_id),
      tokens_(inventory.all_tokens()),
      special_(tokens_.size(), false),
      fingerprint_(std::move(fingerprint)) {
  for (const auto& token : inventory.added_tokens) {
    if (token.special) special_[token.id] = true;
  }
}

TextTokens VocabularyTokenizer::tokenize(std::string_view text) const {
  TextTokens tokens;
  std::size_t expected = text.size() / 4 + 2;
  tokens.ids.reserve(expected);
  tokens.offsets.reserve(expected);
  tokens.word_ids.reserve(expected);
  tokenize(text, Input::kText, tokens);
  return tokens;
}

Encoding VocabularyTokenizer::encode(const std::string& text, const EncodeOptions& options) const {
  return finished(assemble(layout_, tokenize(text), nullptr, options));
}

Encoding VocabularyTokenizer::encode_pair(const std::string& first, const std::string& second,
                                          const EncodeOptions& options) const {
  TextTokens second_tokens = tokenize(second);
  return finished(assemble(layout_, tokenize(first), &second_tokens, options));
}

Encoding VocabularyTokenizer::encode_words(const std::vector<std::string>& words,
                                           const EncodeOptions& options) const {
  TextTokens tokens;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t begin = tokens.ids.size();
    tokenize(words[i], Input::kWord, tokens);
    std::fill(tokens.word_ids.begin() + begin, tokens.word_ids.end(), static_cast<int32_t>(i));
  }
  return finished(assemble(layout_, tokens, nullptr, options));
}

std::vector<Encoding> VocabularyTokenizer::encode_windows(const std::string& first, const std::string& second,
                                                          const EncodeOptions& options,
                                                          int64_t stride) const {
  auto windows = assemble_windows(layout_, tokenize(first), tokenize(second), options, stride);
  for (auto& window : windows) window = finished(std::move(window));
  return windows;
}

std::string VocabularyTokenizer::decode(const std::vector<int32_t>& ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (int32_t id : ids) {
    std::string content = token(id);
    if (!skip_special_tokens || !special_[id]) tokens.push_back(std::move(content));
  }
  return join(tokens);
}

std::string VocabularyTokenizer::token(int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= tokens_.size()) {
    throw InputError("token id " + std::to_string(id) + ": not in the vocabulary; ids go from 0 to " +
                     std::to_string(tokens_.size() - 1));
  }
  return tokens_[id];
}

}  // namespace adaptune
