#include "recipe/console.h"

#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "core/environment.h"

namespace adaptune {
namespace {

BarStyle bar_style(ColourChoice choice, bool terminal) {
  const auto locale = first_environment({"LC_ALL", "LC_CTYPE", "LANG"});
  return {is_utf8_locale(locale), use_colour(choice, terminal, !first_environment({"NO_COLOR"}).empty())};
}

}  // namespace

Console::Console(const ConsoleOptions& options) : options_(options) {}
Console::~Console() = default;

void Console::log(const std::string& text) {
  if (log_) log_->write(text);
}

void Console::say(const std::string& text) {
  log(text);
  if (options_.quiet) return;
  if (progress_) {
    progress_->message(text);
  } else {
    std::cerr << text << std::endl;
  }
}

void Console::detail(const std::string& text) {
  if (options_.verbose) say(text);
}

void Console::warn(const std::string& text) {
  log("warning: " + text);
  if (progress_) {
    progress_->message("warning: " + text);
  } else {
    std::cerr << "warning: " << text << std::endl;
  }
}

void Console::result(const std::string& text) {
  end_progress();
  std::cout << text << std::flush;
  if (!options_.json) log(text);
}

void Console::done(const std::string& text, const nlohmann::ordered_json& facts) {
  say(text);
  if (options_.json) result(facts.dump(2) + "\n");
}

void Console::open_log(const std::filesystem::path& file) { log_ = std::make_unique<LogFile>(file); }

void Console::begin_progress(int64_t logging_steps) {
  if (options_.quiet) return;
  const auto columns = terminal_columns(STDERR_FILENO);
  ProgressOptions options;
  options.terminal = columns.has_value();
  options.columns = columns.value_or(80);
  options.style = bar_style(options_.colour, options.terminal);
  options.logging_steps = logging_steps;
  progress_ = std::make_unique<Progress>(std::cerr, options);
}

void Console::show(const TrainProgress& progress) {
  if (!progress_) return;
  if (const auto columns = terminal_columns(STDERR_FILENO)) progress_->set_columns(*columns);
  progress_->show(progress);
}

void Console::show(const EvalProgress& progress) {
  log(progress_text(progress));
  if (progress_) progress_->show(progress);
}

void Console::end_progress() { progress_.reset(); }

}  // namespace adaptune
