#include "recipe/predict.h"

#include "command.h"
#include "option_values.h"

namespace adaptune {

void add_predict(CLI::App& app, const CommandContext& context) {
  auto* command = app.add_subcommand(
      "predict", "label new inputs with a trained adapter or fusion: a JSON object a line");
  const auto flags = std::make_shared<PredictFlags>();
  command
      ->add_option("run", flags->run,
                   "folder of a run, an adapter or a fusion, also AdapterHub's or PEFT's; or of a whole "
                   "model with a head, as merge writes")
      ->required();
  command
      ->add_option("input", flags->input,
                   "a data file as for training, a .txt with a text a line (pairs: a tab between), an "
                   "image or a folder of them, or - for lines on standard input")
      ->capture_default_str();
  command->add_option("-o,--output", flags->output, "file for the answers; - is standard output")
      ->capture_default_str();
  command
      ->add_option(
          "--task", flags->tasks,
          "task of the run: its fusion where there is one, else its adapter. Given several times, or all: "
          "those tasks in one pass, by name in each answer. Of AdapterHub's folders: the head")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--model", flags->model,
                      "the backbone's folder, where it has moved or, as in AdapterHub's, is not named");
  add_device(*command, flags->device);
  command->add_option("--batch-size", flags->batch_size, "inputs computed together")
      ->check(integer_from_on(1))
      ->capture_default_str();
  command->add_flag("--bf16", flags->bf16, "multiply with the backbone's weights in bfloat16");
  command->add_flag("--logits", flags->logits, "add the head's outputs before softmax or sigmoid");
  command->add_flag("--fusion-attention", flags->fusion_attention,
                    "of a fusion: add how much each layer attends to each adapter");
  command->add_flag("--allow-backbone-mismatch", flags->allow_backbone_mismatch, kMismatchHelp);
  command->callback([=] {
    auto console = console_for(context.global);
    context.status = predict(*flags, console);
  });
}

}  // namespace adaptune
