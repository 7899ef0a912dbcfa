#include "recipe/export.h"

#include "command.h"

namespace adaptune {

void add_export(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("export", "write a trained adapter or fusion in another library's layout");
  const auto flags = std::make_shared<ExportFlags>();
  command
      ->add_option("folder", flags->folder,
                   "folder of an adapter or a fusion, also AdapterHub's or PEFT's, or of a run with --task")
      ->required();
  command->add_option("--format", flags->format, "adapterhub")
      ->required()
      ->check(CLI::IsMember({"adapterhub"}));
  command->add_option("-o,--output", flags->output,
                      "folder to write. Default: export/adapterhub beside the adapter");
  command->add_option("--task", flags->task, "task of the run");
  command->add_option("--model", flags->model,
                      "the backbone's folder, where it has moved or, as in AdapterHub's, is not named");
  command->add_flag("--safetensors", flags->safetensors, "safetensors instead of .bin");
  command->add_flag("--allow-backbone-mismatch", flags->allow_backbone_mismatch,
                    "use adapters of other weights");
  command->callback([=] {
    auto console = console_for(context.global);
    context.status = export_trained(*flags, console);
  });
}

}  // namespace adaptune
