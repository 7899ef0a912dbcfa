#pragma once
// What the program may write to a terminal. The caller reads the environment.

#include <optional>
#include <string>

namespace adaptune {

enum class ColourChoice { kAuto, kAlways, kNever };

// "auto", "always" or "never"; UsageError otherwise.
ColourChoice parse_colour_choice(const std::string& text);
// `no_color`: the variable NO_COLOR is set and not empty; an explicit `always` is stronger.
bool use_colour(ColourChoice choice, bool is_terminal, bool no_color);

// Whether a locale's name ("de_DE.UTF-8", "C.utf8", "en_US.utf8@euro") says UTF-8. The caller passes the
// first that is set of LC_ALL, LC_CTYPE, LANG.
bool is_utf8_locale(const std::string& name);

// Columns of the terminal behind a file descriptor; empty when it is none, or does not say.
std::optional<int> terminal_columns(int file_descriptor);

}  // namespace adaptune
