#include "command.h"
#include "recipe/train.h"

namespace adaptune {

void add_check(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("check", "check configuration, model and data, and print what would be trained");
  const auto run = add_run_flags(*command);
  run->flags.dry_run = true;
  command->callback([=] { context.status = run_command(*run, context, train); });
}

}  // namespace adaptune
