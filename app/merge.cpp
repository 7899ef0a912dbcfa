#include "recipe/merge.h"

#include "command.h"

namespace adaptune {

void add_merge(CLI::App& app, const CommandContext& context) {
  auto* command = app.add_subcommand(
      "merge", "write a task's network as a plain model folder, its adapters folded into the weights");
  const auto flags = std::make_shared<MergeFlags>();
  command
      ->add_option("folder", flags->folder,
                   "folder of an adapter, or of a run (with several tasks: and --task)")
      ->required();
  command->add_option("-o,--output", flags->output, "new folder to write")->required();
  command->add_option("--task", flags->task, "task of the run");
  command->add_option("--model", flags->model, "the backbone's folder, where it has moved");
  command->callback([=] {
    auto console = console_for(context.global);
    context.status = merge(*flags, console);
  });
}

}  // namespace adaptune
