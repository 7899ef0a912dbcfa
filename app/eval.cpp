#include "recipe/eval.h"

#include "command.h"
#include "option_values.h"

namespace adaptune {

void add_eval(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("eval", "compare majority, single adapter and fusion of each trained task");
  const auto run = add_run_flags(*command);
  const auto own = std::make_shared<EvalFlags>();
  command->add_option("--split", own->split, "the data to score")
      ->check(one_name_of({"validation", "test"}))
      ->capture_default_str();
  command->add_option(
      "--baseline", own->baseline,
      "folder of a run of fully fine-tuned networks that eval scored: print the Visual Decathlon score "
      "beside it");
  command
      ->add_option(
          "--mistakes", own->mistakes,
          "draw so many of the worst mistakes of tasks with images into mistakes.png in the task's folder")
      ->check(integer_from_on(0));
  command->callback([=] {
    context.status = run_command(
        *run, context, [&](const RunFlags& flags, Console& console) { return eval(flags, *own, console); });
  });
}

}  // namespace adaptune
