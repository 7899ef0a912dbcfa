#include "recipe/init.h"

#include "command.h"
#include "core/error.h"
#include "core/joined.h"
#include "option_values.h"
#include "recipe/init_network.h"

namespace adaptune {

void add_init(CLI::App& app, const CommandContext& context) {
  auto* command = app.add_subcommand(
      "init",
      "write a commented configuration to start from, bert or suite, or a random network, resnet26 or vit");
  const auto network = std::make_shared<NetworkFlags>();
  command->add_option("template", network->name, joined(template_names()))->required();
  command->add_option("-o,--output", network->output,
                      "configuration: the file to write, or - for standard output. Default: TEMPLATE.yaml. "
                      "Network: the folder. Default: its name");
  const auto width = command
                         ->add_option("--width", network->width,
                                      "channels behind the stem (resnet26: 32), or hidden size (vit: 192)")
                         ->check(integer_from_on(1));
  const auto blocks = command
                          ->add_option("--blocks", network->blocks,
                                       "blocks of each stage (resnet26: 4,4,4), or layers (vit: 6)")
                          ->delimiter(',')
                          ->check(integer_from_on(1));
  const auto seed = command->add_option("--seed", network->seed, "seed of the network's random weights")
                        ->check(integer_from_on(0))
                        ->capture_default_str();
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
