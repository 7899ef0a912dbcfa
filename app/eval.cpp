#include "recipe/eval.h"

#include "command.h"

namespace adaptune {

void add_eval(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("eval", "compare majority, single adapter and fusion of each trained task");
  const auto run = add_run_flags(*command);
  const auto own = std::make_shared<EvalFlags>();
  command->add_option("--split", own->split, "validation or test")
      ->check(CLI::IsMember({"validation", "test"}));
  command->add_option(
      "--baseline", own->baseline,
      "folder of a run whose eval scored fully fine-tuned networks: print the decathlon score");
  command->add_option("--mistakes", own->mistakes, "show so many of the worst mistakes of tasks with images")
      ->check(CLI::NonNegativeNumber);
  command->callback([=] {
    context.status = run_command(
        *run, context, [&](const RunFlags& flags, Console& console) { return eval(flags, *own, console); });
  });
}

}  // namespace adaptune
