#include "core/shell_line.h"

#include <algorithm>

namespace adaptune {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }

// "$'a\012b'": on one line whatever the word holds, as the shells' $'...' reads it.
std::string escaped_word(const std::string& word) {
  std::string quoted = "$'";
  for (const char c : word) {
    if (is_control(c)) {
      for (const int shift : {6, 3, 0}) quoted += (shift == 6 ? "\\" : "") + std::to_string((c >> shift) & 7);
    } else {
      quoted += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
    }
  }
  return quoted + "'";
}

std::string shell_word(const std::string& word) {
  if (std::any_of(word.begin(), word.end(), is_control)) return escaped_word(word);
  const bool plain = !word.empty() && word.find_first_of(" '\"$`\\{}[]*?~|&;<>()#!") == std::string::npos;
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string shell_line(const std::vector<std::string>& words) {
  std::string line = "adaptune";
  for (const auto& word : words) line += " " + shell_word(word);
  return line;
}

}  // namespace adaptune
