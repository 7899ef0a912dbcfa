#pragma once
// A run as a command opens it: configuration, flags, device, folder.

#include <torch/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/folder_lock.h"
#include "recipe/console.h"
#include "recipe/run_config.h"

namespace adaptune {

// What the command line says beside the configuration.
struct RunFlags {
  std::string config;  // a YAML file, or the folder of a run
  std::vector<std::string> overrides;
  std::vector<std::string> tasks;  // only these; empty: all
  std::string output_dir;          // wins over the configuration's
  std::string resume = "auto";     // auto | never | a checkpoint
  std::string device = "cpu";
  bool overwrite = false;
  bool dry_run = false;
  bool profile = false;  // say where the time of a step goes
  bool allow_backbone_mismatch = false;
  std::string command_line;    // for config.yaml
  std::string resume_command;  // the same, but that it goes on with what is there
};

struct Run {
  RunFlags flags;
  RunConfig config;
  std::string resolved;       // the configuration with every default written, and comments
  std::string resolved_json;  // the same as JSON
  std::string config_sha256;
  torch::Device device = torch::kCPU;
  std::filesystem::path folder;  // output_dir
  std::filesystem::path task_folder(const std::string& task) const { return folder / task; }
  std::filesystem::path fusion_folder(const std::string& target) const { return folder / "fusion" / target; }
  std::vector<const TaskConfig*> selected_tasks() const;  // those of --task, or all
};

// Reads and checks the configuration. UsageError with all of its errors; files must be there of `splits`
// only.
Run open_run(const RunFlags& flags, const std::vector<std::string>& splits = kSplits);

// Another command on the run's configuration, as the user may type it: "adaptune train suite.yaml --task
// tone".
std::string command_text(const Run& run, const std::string& command, const std::vector<std::string>& more);

// "cpu", "cuda", "cuda:1"; UsageError for a device that this build or machine does not have. On a GPU
// convolutions compute in float32 from now on, as all else does: LibTorch's default rounds them to TF32.
torch::Device open_device(const std::string& name);

// Keeps the folders for this command as long as the locks live (lock_output). UsageError when one of them
// already holds results of other settings; with --overwrite all that they hold is removed instead, results of
// the same settings too; a warning names what was made with others.
struct FolderSettings {
  std::filesystem::path folder;
  std::string settings;
};
[[nodiscard]] std::vector<FolderLock> claim_folders(const Run& run, const std::vector<FolderSettings>& claims,
                                                    Console& console);
// The same UsageError, whatever --overwrite says; only reads.
void check_settings(const Run& run, const std::vector<FolderSettings>& claims);
// Creates the run's folder. IoError when less than `bytes` are free there.
void prepare_run_folder(const Run& run, uint64_t bytes);
// The configuration with every default, below the version, the commit and the command line.
std::string config_text(const Run& run);
// config.yaml in it: what is trained there from now on.
void write_run_config(const Run& run);

}  // namespace adaptune
