#include "recipe/export.h"

#include "command.h"
#include "option_values.h"

namespace adaptune {

void add_export(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("export", "write a trained adapter or fusion in the layout of AdapterHub's library");
  const auto flags = std::make_shared<ExportFlags>();
  command
      ->add_option("folder", flags->folder,
                   "folder of a run (with several tasks: and --task), an adapter or a fusion; also "
                   "AdapterHub's or PEFT's")
      ->required();
  command->add_option("--format", flags->format, "the layout")
      ->required()
      ->check(one_name_of({"adapterhub"}));
  command->add_option("-o,--output", flags->output,
                      "folder to write. Default: export/adapterhub beside the adapter or fusion");
  command->add_option("--task", flags->task,
                      "task of the run: its fusion where there is one, else its adapter");
  command->add_option("--model", flags->model,
                      "the backbone's folder, where it has moved or, as in AdapterHub's, is not named");
  command->add_flag("--safetensors", flags->safetensors, "write .safetensors files instead of .bin");
  command->add_flag("--allow-backbone-mismatch", flags->allow_backbone_mismatch, kMismatchHelp);
  command->callback([=] {
    auto console = console_for(context.global);
    context.status = export_trained(*flags, console);
  });
}

}  // namespace adaptune
