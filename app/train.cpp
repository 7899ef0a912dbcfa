#include "recipe/train.h"

#include "command.h"

namespace adaptune {

void add_train(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("train", "knowledge extraction: train an adapter and head for each task");
  const auto run = add_training_flags(*command);
  command->callback([=] { context.status = run_training_command(*run, context, train); });
}

}  // namespace adaptune
