#include "recipe/fuse.h"

#include "command.h"

namespace adaptune {

void add_fuse(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("fuse", "knowledge composition: train a fusion over the adapters for each target");
  const auto run = add_training_flags(*command);
  command->add_option("--target", run->flags.tasks, "only this target, as --task")
      ->take_all()
      ->allow_extra_args(false);
  command->callback([=] { context.status = run_training_command(*run, context, fuse); });
}

}  // namespace adaptune
