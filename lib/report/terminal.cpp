#include "report/terminal.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <cctype>

#include "core/error.h"

namespace adaptune {

ColourChoice parse_colour_choice(const std::string& text) {
  if (text == "auto") return ColourChoice::kAuto;
  if (text == "always") return ColourChoice::kAlways;
  if (text == "never") return ColourChoice::kNever;
  throw UsageError("--color: '" + text + "' is not known; known: auto, always, never");
}

bool use_colour(ColourChoice choice, bool is_terminal, bool no_color) {
  if (choice == ColourChoice::kAuto) return is_terminal && !no_color;
  return choice == ColourChoice::kAlways;
}

bool is_utf8_locale(const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return false;
  std::string encoding = name.substr(dot + 1, name.find('@', dot) - dot - 1);
  encoding.erase(std::remove(encoding.begin(), encoding.end(), '-'), encoding.end());
  std::transform(encoding.begin(), encoding.end(), encoding.begin(),
                 [](unsigned char letter) { return std::tolower(letter); });
  return encoding == "utf8";
}

std::optional<int> terminal_columns(int file_descriptor) {
  winsize size{};
  if (ioctl(file_descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

}  // namespace adaptune
