#include "core/shell_line.h"

namespace adaptune {
namespace {

std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_of(" \t\n'\"$`\\{}[]*?~|&;<>()#!") == std::string::npos;
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
