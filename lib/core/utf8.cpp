#include "core/utf8.h"

#include <unicode/utf8.h>

#include <cstdint>

namespace adaptune {

std::u32string decode_utf8(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  const char* bytes = text.data();
  auto size = static_cast<int64_t>(text.size());
  for (int64_t i = 0; i < size;) {
    UChar32 point;
    U8_NEXT_OR_FFFD(bytes, i, size, point);
    points.push_back(static_cast<char32_t>(point));
  }
  return points;
}

void append_utf8(std::string& text, char32_t point) {
  if (point < 0x80) {
    text.push_back(static_cast<char>(point));
    return;
  }
  char bytes[4];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, point);
  text.append(bytes, static_cast<std::size_t>(size));
}

bool is_valid_utf8(std::string_view text) { return !first_invalid_utf8(text); }

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  const char* bytes = text.data();
  auto size = static_cast<int64_t>(text.size());
  for (int64_t i = 0; i < size;) {
    const int64_t start = i;
    UChar32 point;
    U8_NEXT(bytes, i, size, point);
    if (point < 0) return static_cast<std::size_t>(start);
  }
  return std::nullopt;
}

}  // namespace adaptune
