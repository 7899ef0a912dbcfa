#include "recipe/inspect.h"

#include "command.h"

namespace adaptune {

void add_inspect(CLI::App& app, const CommandContext& context) {
  auto* command = app.add_subcommand(
      "inspect", "show what a backbone, adapter, fusion, checkpoint, run or tensor file holds");
  const auto path = std::make_shared<std::string>();
  const auto pair = std::make_shared<std::vector<std::string>>();
  auto* single = command->add_option("path", *path, "file or folder");
  command->add_option("--diff", *pair, "the tensors in which two files or folders differ")
      ->expected(2)
      ->excludes(single);
  command->callback([=] {
    if (path->empty() && pair->empty()) throw CLI::RequiredError("path, or --diff A B");
    auto console = console_for(context.global);
    context.status =
        pair->empty() ? inspect(*path, console) : inspect_difference((*pair)[0], (*pair)[1], console);
  });
}

}  // namespace adaptune
