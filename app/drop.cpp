#include "recipe/drop.h"

#include "command.h"

namespace adaptune {

void add_drop(CLI::App& app, const CommandContext& context) {
  auto* command = app.add_subcommand("drop", "score trained tasks without the adapters of some layers");
  const auto run = add_run_flags(*command);
  const auto what = std::make_shared<DropFlags>();
  command->add_option("--split", what->split, "validation or test")
      ->check(CLI::IsMember({"validation", "test"}));
  command->add_flag("--fusion", what->fusion, "the tasks' fusions, not their single adapters");
  command->add_flag("--spans", what->spans, "every range of layers off, not the lowest n");
  command->add_option("--layers", what->layers, "only these layers off: 0-4 or 0,2")->excludes("--spans");
  command
      ->add_option("--prune-fusion", what->prune_fusion,
                   "keep only so many adapters at each fused site, those attended to most: 2 or 1-7")
      ->excludes("--spans")
      ->excludes("--layers");
  command->add_option("-o,--output", what->output, "write what is left to this folder");
  command->callback([=] {
    context.status = run_command(
        *run, context, [&](const RunFlags& flags, Console& console) { return drop(flags, *what, console); });
  });
}

}  // namespace adaptune
