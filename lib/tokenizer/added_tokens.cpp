#include "tokenizer/added_tokens.h"

#include <algorithm>

#include "tokenizer/bert_characters.h"

namespace adaptune {
namespace {

bool stands_alone(std::u32string_view text, std::size_t begin, std::size_t end) {
  bool word_before = begin > 0 && is_word_character(text[begin - 1]);
  bool word_after = end < text.size() && is_word_character(text[end]);
  return !word_before && !word_after;
}

std::size_t skip_space_left(std::u32string_view text, std::size_t begin) {
  while (begin > 0 && is_bert_space(text[begin - 1])) --begin;
  return begin;
}

std::size_t skip_space_right(std::u32string_view text, std::size_t end) {
  while (end < text.size() && is_bert_space(text[end])) ++end;
  return end;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(const std::vector<AddedToken>& tokens,
                                     const std::vector<std::u32string>& patterns) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (patterns[i].empty()) continue;
    patterns_.push_back({patterns[i], tokens[i]});
    char32_t start = patterns[i].front();
    if (start < 128) ascii_starts_[start] = true;
    if (start >= 128) other_starts_ = true;
  }
  std::stable_sort(patterns_.begin(), patterns_.end(),
                   [](const Pattern& a, const Pattern& b) { return a.text.size() > b.text.size(); });
}

const AddedTokenMatcher::Pattern* AddedTokenMatcher::match_at(std::u32string_view text,
                                                              std::size_t position) const {
  char32_t start = text[position];
  if (start < 128 ? !ascii_starts_[start] : !other_starts_) return nullptr;
  for (const auto& pattern : patterns_) {
    if (text.substr(position, pattern.text.size()) == pattern.text) return &pattern;
  }
  return nullptr;
}

std::vector<TextPart> AddedTokenMatcher::split(std::u32string_view text) const {
  std::vector<TextPart> parts;
  std::size_t done = 0;
  for (std::size_t position = 0; position < text.size() && !empty();) {
    const Pattern* pattern = match_at(text, position);
    if (pattern == nullptr) {
      ++position;
      continue;
    }
    std::size_t begin = position;
    std::size_t end = begin + pattern->text.size();
    position = end;
    if (pattern->token.single_word && !stands_alone(text, begin, end)) continue;
    if (pattern->token.lstrip) begin = std::max(skip_space_left(text, begin), done);
    if (pattern->token.rstrip) end = skip_space_right(text, end);
    if (done < begin) parts.push_back({kPlainText, done, begin});
    parts.push_back({pattern->token.id, begin, end});
    done = end;
  }
  if (done < text.size()) parts.push_back({kPlainText, done, text.size()});
  return parts;
}

}  // namespace adaptune
