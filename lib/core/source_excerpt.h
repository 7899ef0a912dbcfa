#pragma once

#include <string>
#include <string_view>

namespace adaptune {

// A source line and, below it, a caret under `length` bytes from `column` on, followed by `note`:
//   14 |   learning_rte: 1e-4
//      |   ^~~~~~~~~~~~ did you mean 'learning_rate'?
// `number` is the text before the bar, empty for none. A long line is cut around the place. Columns are
// counted in UTF-8 characters, tabs as one.
std::string source_excerpt(std::string_view line, const std::string& number, size_t column, size_t length,
                           const std::string& note);

// The number of UTF-8 characters in the first `bytes` bytes of a line.
size_t characters_in(std::string_view line, size_t bytes);

}  // namespace adaptune
