#include "recipe/drop.h"

#include "command.h"
#include "option_values.h"

namespace adaptune {

void add_drop(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("drop", "AdapterDrop: score trained tasks without the adapters of some layers");
  const auto run = add_run_flags(*command);
  const auto what = std::make_shared<DropFlags>();
  command->add_option("--split", what->split, "the data to score")
      ->check(one_name_of({"validation", "test"}))
      ->capture_default_str();
  command->add_flag("--fusion", what->fusion, "score the tasks' fusions, not their single adapters");
  command->add_flag("--spans", what->spans,
                    "leave out every range of layers in turn; without it the lowest n, for every n");
  command->add_option("--layers", what->layers, "leave out these layers only: 0-4 or 0,2")
      ->excludes("--spans");
  command
      ->add_option(
          "--prune-fusion", what->prune_fusion,
          "score the tasks' fusions with only so many adapters at each site, those attended to most: 2 "
          "or 1-7")
      ->excludes("--spans")
      ->excludes("--layers");
  command->add_option("-o,--output", what->output,
                      "new folder for what is left of one task, with --layers or --prune-fusion");
  command->callback([=] {
    context.status = run_command(
        *run, context, [&](const RunFlags& flags, Console& console) { return drop(flags, *what, console); });
  });
}

}  // namespace adaptune
