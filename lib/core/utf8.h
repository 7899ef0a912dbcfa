#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace adaptune {

// Valid UTF-8 as it is; every maximal invalid part counts as one U+FFFD.
std::u32string decode_utf8(std::string_view text);
void append_utf8(std::string& text, char32_t point);
bool is_valid_utf8(std::string_view text);
// Where the first invalid part begins.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

}  // namespace adaptune
