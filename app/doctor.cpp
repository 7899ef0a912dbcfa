#include "recipe/doctor.h"

#include "command.h"

namespace adaptune {

void add_doctor(CLI::App& app, const CommandContext& context) {
  auto* command = app.add_subcommand("doctor", "versions, devices and disk, to paste into a report");
  command->callback([=] {
    auto console = console_for(context.global);
    context.status = doctor(console);
  });
}

}  // namespace adaptune
