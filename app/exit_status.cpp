#include "exit_status.h"

#include <iostream>

#include "core/error.h"
#include "recipe/failure.h"

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

int usage_status(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  std::cerr << "error: " << error.what() << "\n     see adaptune --help, or adaptune COMMAND --help"
            << std::endl;
  return static_cast<int>(ExitCode::kUsage);
}

int report_failure(bool verbose) {
  const auto failure = current_failure(verbose);
  std::cerr << failure.text << std::endl;
  return static_cast<int>(failure.code);
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line = "adaptune";
  for (const auto& word : words) line += " " + shell_word(word);
  return line;
}

std::vector<std::string> resuming(const std::vector<std::string>& words) {
  std::vector<std::string> kept;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--overwrite" || words[i].rfind("--resume=", 0) == 0) continue;
    words[i] == "--resume" ? void(++i) : kept.push_back(words[i]);
  }
  return kept;
}

}  // namespace adaptune
