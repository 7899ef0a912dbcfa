#pragma once
// Widths of UTF-8 text in columns of a terminal.

#include <string>

namespace adaptune {

// Columns that the text takes: 2 for wide East Asian characters and emoji, 0 for combining and control
// characters, else 1. A byte that is not UTF-8 counts 1.
int display_width(const std::string& text);

// The longest start of the text that fits in `columns`, never cutting a character.
std::string cut_to_width(const std::string& text, int columns);

// Blanks after or before the text up to `columns`; longer text is left as it is.
std::string pad_right(const std::string& text, int columns);
std::string pad_left(const std::string& text, int columns);

}  // namespace adaptune
