#include "recipe/predict.h"

#include "command.h"

namespace adaptune {

void add_predict(CLI::App& app, const CommandContext& context) {
  auto* command = app.add_subcommand("predict", "label new inputs with a trained adapter or fusion");
  const auto flags = std::make_shared<PredictFlags>();
  command
      ->add_option("run", flags->run, "folder of a run, an adapter or a fusion; also AdapterHub's or PEFT's")
      ->required();
  command->add_option("input", flags->input,
                      "a data file, a .txt with a text a line, or - for standard input");
  command->add_option("-o,--output", flags->output, "JSON lines go here; - is standard output");
  command
      ->add_option("--task", flags->tasks,
                   "task of the run (its fusion where there is one); several times, or all: in one pass. "
                   "Of AdapterHub's folders the head")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--model", flags->model,
                      "the backbone's folder, where it has moved or, as in AdapterHub's, is not named");
  command->add_option("--device", flags->device, "cpu, cuda or cuda:N");
  command->add_option("--batch-size", flags->batch_size, "rows computed together")
      ->check(CLI::PositiveNumber);
  command->add_flag("--bf16", flags->bf16, "multiply with the backbone's weights in bfloat16");
  command->add_flag("--logits", flags->logits, "add the head's outputs as they are");
  command->add_flag("--fusion-attention", flags->fusion_attention,
                    "add the fused adapters' weights by layer");
  command->add_flag("--allow-backbone-mismatch", flags->allow_backbone_mismatch,
                    "use adapters of other weights");
  command->callback([=] {
    auto console = console_for(context.global);
    context.status = predict(*flags, console);
  });
}

}  // namespace adaptune
