#include "recipe/eval.h"

#include "command.h"

namespace adaptune {

void add_eval(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("eval", "compare majority, single adapter and fusion of each trained task");
  const auto run = add_run_flags(*command);
  const auto split = std::make_shared<std::string>("validation");
  command->add_option("--split", *split, "validation or test")->check(CLI::IsMember({"validation", "test"}));
  command->callback([=] {
    context.status = run_command(
        *run, context, [&](const RunFlags& flags, Console& console) { return eval(flags, *split, console); });
  });
}

}  // namespace adaptune
