#include "recipe/truncate.h"

#include "command.h"
#include "option_values.h"

namespace adaptune {

void add_truncate(CLI::App& app, const CommandContext& context) {
  auto* command = app.add_subcommand("truncate", "limit the rank of a run's residual adapters");
  const auto flags = std::make_shared<TruncateFlags>();
  command->add_option("folder", flags->folder, "folder of a run")->required();
  command->add_option("--rank", flags->rank, "rank that each adapter's matrix is cut to")
      ->required()
      ->check(integer_from_on(1));
  command->add_flag("--joint", flags->joint, "one basis for all tasks, instead of each task's own");
  command->add_option("-o,--output", flags->output, "new folder to write, an adapter a task")->required();
  command->add_option("--model", flags->model, "the backbone's folder, where it has moved");
  command->callback([=] {
    auto console = console_for(context.global);
    context.status = truncate(*flags, console);
  });
}

}  // namespace adaptune
