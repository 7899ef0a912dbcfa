#include "recipe/init.h"

#include "command.h"

namespace adaptune {

void add_init(CLI::App& app, const CommandContext& context) {
  auto* command = app.add_subcommand("init", "write a commented configuration to start from: bert or suite");
  const auto name = std::make_shared<std::string>();
  const auto output = std::make_shared<std::string>();
  command->add_option("template", *name, "bert or suite")->required();
  command->add_option("-o,--output", *output, "file to write; - is standard output. Default: TEMPLATE.yaml");
  command->callback([=] {
    auto console = console_for(context.global);
    context.status = init(*name, output->empty() ? *name + ".yaml" : *output, console);
  });
}

}  // namespace adaptune
