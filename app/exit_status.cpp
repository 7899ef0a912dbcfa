#include "exit_status.h"

#include <iostream>

#include "core/config_node.h"
#include "core/error.h"
#include "core/text_distance.h"
#include "recipe/failure.h"

namespace adaptune {

namespace {

// The sub-command of the command line; null: none is named.
const CLI::App* named_command(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? nullptr : commands.front();
}

// Long names, without their dashes: those would make any two alike.
void add_option_names(const CLI::App& app, std::vector<std::string>& names) {
  for (const auto* option : app.get_options())
    names.insert(names.end(), option->get_lnames().begin(), option->get_lnames().end());
}

std::string unknown_option(const CLI::App& app, const CLI::App* command, const std::string& word) {
  std::vector<std::string> known;
  add_option_names(app, known);
  if (command != nullptr) add_option_names(*command, known);
  const auto name = word.substr(0, word.find('='));
  const std::string text = "option '" + name + "' is not known";
  if (const auto near = nearest_name(name.substr(name.find_first_not_of('-')), known))
    return text + "; did you mean '--" + *near + "'?";
  if (command == nullptr || command->get_option_no_throw("overrides") == nullptr) return text;
  return text + "; keys of the configuration are written without dashes: train.learning_rate=5e-5";
}

std::string unknown_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> known;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(command->get_name());
  return "command '" + word + "' is not known\n     " + one_of(known)(word).value_or("");
}

// What is wrong with words that are no option, no command and no argument.
std::vector<std::string> unknown_words(const CLI::App& app, const CLI::App* command) {
  std::vector<std::string> problems;
  for (const auto& word : app.remaining(/*recurse=*/true)) {
    if (word.find_first_not_of('-') == std::string::npos) continue;
    if (word.starts_with("-")) {
      problems.push_back(unknown_option(app, command, word));
    } else if (command != nullptr) {
      problems.push_back("argument '" + word + "' was not expected");
    } else {
      problems.push_back(unknown_command(app, word));
      break;  // the rest are that command's
    }
  }
  return problems;
}

}  // namespace

int usage_status(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const auto* command = named_command(app);
  auto problems = unknown_words(app, command);
  // Those explain the others, such as a command that is missing because it is misspelt.
  if (problems.empty()) problems.emplace_back(error.what());
  for (const auto& problem : problems) std::cerr << "error: " << problem << "\n";
  std::cerr << "     see adaptune " << (command != nullptr ? command->get_name() : "COMMAND") << " --help"
            << (command != nullptr ? "" : ", or adaptune --help") << std::endl;
  return static_cast<int>(ExitCode::kUsage);
}

int report_failure(bool verbose) {
  const auto failure = current_failure(verbose);
  std::cerr << failure.text << std::endl;
  return static_cast<int>(failure.code);
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
