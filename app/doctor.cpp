#include "recipe/doctor.h"

#include "command.h"

namespace adaptune {

void add_doctor(CLI::App& app, const CommandContext& context) {
  auto* command =
      app.add_subcommand("doctor", "versions, devices, NCCL and Gloo, disk: to paste into a bug report");
  command->callback([=] {
    auto console = console_for(context.global);
    context.status = doctor(console);
  });
}

}  // namespace adaptune
