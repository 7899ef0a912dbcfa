#include "recipe/check.h"

#include "command.h"

namespace adaptune {

void add_check(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("check", "check configuration, model and data, print what would be trained");
  const auto run = add_run_flags(*command);
  command->callback([=] { context.status = run_command(*run, context, check); });
}

}  // namespace adaptune
