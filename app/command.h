#pragma once
// The sub-commands: one file each, one line each in the table.

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "recipe/console.h"
#include "recipe/run.h"

namespace adaptune {

// Flags that every command takes, before or after its name.
struct GlobalFlags {
  bool quiet = false, verbose = false, json = false;
  std::string log_level, colour = "auto";
};
void add_global_flags(CLI::App& app, GlobalFlags& flags);
Console console_for(const GlobalFlags& flags);

// Flags that several commands have.
inline constexpr const char* kMismatchHelp =
    "go on where an adapter was trained on a backbone with other weights";
void add_device(CLI::App& command, std::string& device);

// What a command's callback needs. All of it outlives the parse.
struct CommandContext {
  const GlobalFlags& global;
  std::string command_line, resume_command;  // see RunFlags
  int& status;                               // the exit status goes here
};
using AddCommand = void (*)(CLI::App& app, const CommandContext& context);
const std::vector<AddCommand>& command_table();

void add_train(CLI::App& app, const CommandContext& context);
void add_fuse(CLI::App& app, const CommandContext& context);
void add_eval(CLI::App& app, const CommandContext& context);
void add_predict(CLI::App& app, const CommandContext& context);
void add_drop(CLI::App& app, const CommandContext& context);
void add_check(CLI::App& app, const CommandContext& context);
void add_inspect(CLI::App& app, const CommandContext& context);
void add_export(CLI::App& app, const CommandContext& context);
void add_merge(CLI::App& app, const CommandContext& context);
void add_truncate(CLI::App& app, const CommandContext& context);
void add_init(CLI::App& app, const CommandContext& context);
void add_doctor(CLI::App& app, const CommandContext& context);

// The configuration argument, overrides and run flags of train, fuse, eval, drop and check.
struct RunCommand {
  RunFlags flags;
  std::vector<std::string> words;  // overrides as given
  bool print_config = false;
};
// Shared by the callback and the options that fill it.
std::shared_ptr<RunCommand> add_run_flags(CLI::App& command);
// As add_run_flags, with what decides how training starts.
std::shared_ptr<RunCommand> add_training_flags(CLI::App& command);
using RunBody = std::function<int(const RunFlags& flags, Console& console)>;
// Runs `body`, with each task named once, unless --print-config asked for the resolved configuration only.
int run_command(const RunCommand& command, const CommandContext& context, const RunBody& body);
// As run_command, for a body that stops politely when a signal asks: only a training loop looks for one.
int run_training_command(const RunCommand& command, const CommandContext& context, const RunBody& body);

}  // namespace adaptune
