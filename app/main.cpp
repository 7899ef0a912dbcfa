#include <CLI/CLI.hpp>

#include "command.h"
#include "core/memory_use.h"
#include "core/shell_line.h"
#include "core/version.h"
#include "exit_status.h"
#include "recipe/start_up.h"

namespace adaptune {
namespace {

int run(int argc, char** argv) {
  CLI::App app("Adapter fine-tuning on frozen backbones.", "adaptune");
  app.set_help_flag("-h,--help", "print this help");
  app.set_version_flag("--version", "adaptune " + version_and_commit(), "print the version");
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.group("Commands");
  app.footer("Every command also takes the options of 'adaptune --help', such as --json and --quiet.");
  app.require_subcommand(1);
  GlobalFlags global;
  add_global_flags(app, global);
  int status = 0;
  const std::vector<std::string> words(argv + 1, argv + argc);
  const CommandContext context{global, shell_line(words), shell_line(resuming(words)), status};
  for (const auto& add : command_table()) add(app, context);
  app.footer("What a command takes: adaptune COMMAND --help.");  // the other one is its commands'
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return usage_status(app, error);
  } catch (...) {
    return report_failure(global.verbose);
  }
  return status;
}

}  // namespace
}  // namespace adaptune

int main(int argc, char** argv) {
  adaptune::keep_freed_memory();
  adaptune::choose_threads();
  return adaptune::run(argc, argv);
}
