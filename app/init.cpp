#include "recipe/init.h"

#include "command.h"
#include "core/error.h"
#include "recipe/init_network.h"

namespace adaptune {

void add_init(CLI::App& app, const CommandContext& context) {
  auto* command = app.add_subcommand(
      "init",
      "write a commented configuration to start from, bert or suite, or a random network, resnet26 or vit");
  const auto network = std::make_shared<NetworkFlags>();
  command->add_option("template", network->name, "bert, suite, resnet26 or vit")->required();
  command->add_option("-o,--output", network->output,
                      "file to write, - is standard output, or the network's folder. Default: TEMPLATE.yaml, "
                      "or the network's name");
  const auto width =
      command->add_option("--width", network->width, "channels behind the stem (resnet26), hidden size (vit)")
          ->check(CLI::PositiveNumber);
  const auto blocks =
      command->add_option("--blocks", network->blocks, "blocks of each stage (resnet26), layers (vit)")
          ->delimiter(',')
          ->check(CLI::PositiveNumber);
  const auto seed =
      command->add_option("--seed", network->seed, "of the random weights")->check(CLI::NonNegativeNumber);
  command->callback([=] {
    auto console = console_for(context.global);
    auto& flags = *network;
    const bool random = is_network(flags.name);
    if (flags.output.empty()) flags.output = random ? flags.name : flags.name + ".yaml";
    for (const auto* option : {width, blocks, seed}) {
      if (!random && option->count() > 0)
        throw UsageError(option->get_name() + " is for random networks: init resnet26, init vit");
    }
    context.status = random ? init_network(flags, console) : init(flags.name, flags.output, console);
  });
}

}  // namespace adaptune
