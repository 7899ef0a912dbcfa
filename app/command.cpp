#include "command.h"

#include <algorithm>

#include "core/stop_signal.h"
#include "option_values.h"

namespace adaptune {
namespace {

std::vector<std::string> without_repeats(const std::vector<std::string>& names) {
  std::vector<std::string> once;
  for (const auto& name : names) {
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
  }
  return once;
}

}  // namespace

const std::vector<AddCommand>& command_table() {
  static const std::vector<AddCommand> table = {add_train, add_fuse,     add_eval,    add_predict,
                                                add_drop,  add_check,    add_inspect, add_export,
                                                add_merge, add_truncate, add_init,    add_doctor};
  return table;
}

void add_global_flags(CLI::App& app, GlobalFlags& flags) {
  app.fallthrough();
  app.add_flag("-q,--quiet", flags.quiet, "print errors, warnings and results only");
  app.add_flag("-v,--verbose", flags.verbose, "print more, and where an internal error came from");
  app.add_option("--log-level", flags.log_level, "error: as --quiet, info: as without, debug: as --verbose")
      ->check(one_name_of({"error", "info", "debug"}));
  app.add_flag("--json", flags.json,
               "results, or what was done, as JSON on standard output; messages stay on standard error");
  app.add_option("--color,--colour", flags.colour,
                 "colours in the progress line. auto: on a terminal, unless NO_COLOR is set")
      ->check(one_name_of({"auto", "always", "never"}))
      ->capture_default_str();
}

Console console_for(const GlobalFlags& flags) {
  ConsoleOptions options;
  options.quiet = flags.quiet || flags.log_level == "error";
  options.verbose = flags.verbose || flags.log_level == "debug";
  options.json = flags.json;
  options.colour = parse_colour_choice(flags.colour);
  return Console(options);
}

void add_device(CLI::App& command, std::string& device) {
  command.add_option("--device", device, "where to compute: cpu, cuda or cuda:N")->capture_default_str();
}

std::shared_ptr<RunCommand> add_run_flags(CLI::App& command) {
  auto run = std::make_shared<RunCommand>();
  auto& flags = run->flags;
  command.add_option("config", flags.config, "configuration (YAML), or the folder of a run")->required();
  command.add_option(
      "overrides", run->words,
      "changes of the configuration: key=value, such as train.learning_rate=5e-5; ~key removes");
  command
      .add_option("--task", flags.tasks, "only this task of the configuration; may be given several times")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--output-dir", flags.output_dir,
                     "folder of the run, instead of the configuration's output_dir");
  add_device(command, flags.device);
  command.add_flag("--allow-backbone-mismatch", flags.allow_backbone_mismatch, kMismatchHelp);
  command.add_flag("--print-config", run->print_config,
                   "print the configuration with every default (with --json as JSON), and stop");
  return run;
}

std::shared_ptr<RunCommand> add_training_flags(CLI::App& command) {
  auto run = add_run_flags(command);
  command
      .add_option("--resume", run->flags.resume,
                  "auto: from the last checkpoint, if there is one; never; or the folder of a checkpoint")
      ->capture_default_str();
  command.add_flag("--overwrite", run->flags.overwrite,
                   "train anew: remove the tasks' earlier results and checkpoints");
  command.add_flag("--profile", run->flags.profile, "say at the end where the time of a step goes");
  command.add_flag("--dry-run", run->flags.dry_run,
                   "check everything, print what would be trained, train nothing");
  return run;
}

int run_command(const RunCommand& command, const CommandContext& context, const RunBody& body) {
  auto console = console_for(context.global);
  RunFlags flags = command.flags;
  flags.overrides = command.words;
  flags.tasks = without_repeats(flags.tasks);
  flags.command_line = context.command_line;
  flags.resume_command = context.resume_command;
  if (!command.print_config) return body(flags, console);
  const Run run = open_run(flags);
  console.result(console.json() ? run.resolved_json : config_text(run));
  return 0;
}

int run_training_command(const RunCommand& command, const CommandContext& context, const RunBody& body) {
  if (!command.print_config && !command.flags.dry_run) install_stop_handlers();
  return run_command(command, context, body);
}

}  // namespace adaptune
