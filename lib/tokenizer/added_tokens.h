#pragma once
// Tokens recognized in the text itself, before the model sees it: "[MASK]" and the like.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace adaptune {

struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool special = true;
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // swallows white space on its left
  bool rstrip = false;       // and on its right
  bool normalized = false;   // looked for in the normalized text
};

constexpr int32_t kPlainText = -1;

// A part of the text: an added token, or (id kPlainText) what lies between two.
struct TextPart {
  int32_t id;
  std::size_t begin, end;  // half-open, in code points
};

// Finds added tokens: leftmost first, of several at one place the longest.
class AddedTokenMatcher {
 public:
  // One pattern a token: its content, or its normalized content. Empty patterns are never found.
  AddedTokenMatcher(const std::vector<AddedToken>& tokens, const std::vector<std::u32string>& patterns);

  bool empty() const { return patterns_.empty(); }
  // True if a pattern starts with the ASCII character `c`.
  bool may_start_with(unsigned char c) const { return c < 128 && ascii_starts_[c]; }
  // The parts in order, without empty ones.
  std::vector<TextPart> split(std::u32string_view text) const;

 private:
  struct Pattern {
    std::u32string text;
    AddedToken token;
  };
  const Pattern* match_at(std::u32string_view text, std::size_t position) const;

  std::vector<Pattern> patterns_;  // longest first
  bool ascii_starts_[128] = {};
  bool other_starts_ = false;  // a pattern starts beyond ASCII
};

}  // namespace adaptune
