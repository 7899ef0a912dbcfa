#include "recipe/run.h"

#include <torch/torch.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/sha256.h"
#include "core/shell_line.h"
#include "core/version.h"
#include "recipe/output_lock.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSettings = "settings.yaml";

std::string config_file(const std::string& given) {
  if (!fs::is_directory(given)) return given;
  const fs::path file = fs::path(given) / "config.yaml";
  if (fs::exists(file)) return file.string();
  throw UsageError(fs::absolute(given).string() +
                   ": no config.yaml there; give a configuration file or the output_dir of a run (an "
                   "adapter's task is chosen by --task)");
}

// A run's folder may have moved since its config.yaml was written: the folder that was given counts.
std::vector<std::string> overrides_of(const RunFlags& flags) {
  const auto output_dir = [](const std::string& folder) {
    return "output_dir=" + nlohmann::json(folder).dump();
  };
  std::vector<std::string> overrides = flags.overrides;
  if (fs::is_directory(flags.config)) overrides.insert(overrides.begin(), output_dir(flags.config));
  if (!flags.output_dir.empty()) overrides.push_back(output_dir(flags.output_dir));
  return overrides;
}

// The folder itself stays: it is locked.
void remove_contents(const fs::path& folder) {
  const std::vector<fs::path> entries(fs::directory_iterator{folder}, fs::directory_iterator{});
  for (const auto& entry : entries) fs::remove_all(entry);
}

// Settings that a folder's results were made with and that are others now; empty where there are none.
std::string settings_difference(const FolderSettings& claim) {
  const fs::path file = claim.folder / kSettings;
  return fs::exists(file) ? identity_difference(read_file(file), claim.settings) : "";
}

void remove_results(const FolderSettings& claim, Console& console) {
  if (!fs::exists(claim.folder / kSettings)) return;
  const auto difference = settings_difference(claim);
  if (!difference.empty())
    console.warn(fs::absolute(claim.folder).string() + ": replacing results of other settings:" + difference);
  remove_contents(claim.folder);
}

}  // namespace

torch::Device open_device(const std::string& name) {
  if (name == "cpu") return torch::kCPU;
  const bool any = name == "cuda", numbered = name.rfind("cuda:", 0) == 0;
  int index = 0;
  const char* end = name.data() + name.size();
  const bool fine =
      any || (numbered && std::from_chars(name.data() + 5, end, index).ptr == end && name.size() > 5);
  if (!fine) throw UsageError("--device '" + name + "' is not known; known: cpu cuda cuda:N");
  if (!torch::cuda::is_available()) {
    throw UsageError("--device " + name +
                     ": this LibTorch sees no CUDA device; use --device cpu, or build with a CUDA LibTorch "
                     "on a machine with a GPU");
  }
  if (index >= static_cast<int>(torch::cuda::device_count())) {
    throw UsageError("--device " + name + ": this machine has " +
                     std::to_string(torch::cuda::device_count()) + " CUDA device(s)");
  }
  at::globalContext().setAllowTF32CuDNN(false);
  return torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(index));
}

std::vector<const TaskConfig*> Run::selected_tasks() const {
  std::vector<const TaskConfig*> selected;
  for (const auto& name : flags.tasks) selected.push_back(&config.task(name));
  if (!flags.tasks.empty()) return selected;
  for (const auto& task : config.tasks) selected.push_back(&task);
  return selected;
}

Run open_run(const RunFlags& flags, const std::vector<std::string>& splits) {
  Run run;
  run.flags = flags;
  auto document = ConfigDocument::load(config_file(flags.config), overrides_of(flags));
  run.config = read_run_config(document.root(), splits);
  document.finish();
  run.resolved = document.explained();
  run.resolved_json = document.resolved_json().dump(2) + "\n";
  run.config_sha256 = sha256_hex(document.resolved());
  run.folder = run.config.output_dir;
  run.selected_tasks();
  run.device = open_device(flags.device);
  return run;
}

std::string command_text(const Run& run, const std::string& command, const std::vector<std::string>& more) {
  const auto& flags = run.flags;
  std::vector<std::string> words = {command, flags.config};
  words.insert(words.end(), flags.overrides.begin(), flags.overrides.end());
  if (!flags.output_dir.empty()) words.insert(words.end(), {"--output-dir", flags.output_dir});
  if (flags.device != RunFlags().device) words.insert(words.end(), {"--device", flags.device});
  if (flags.allow_backbone_mismatch) words.emplace_back("--allow-backbone-mismatch");
  words.insert(words.end(), more.begin(), more.end());
  return shell_line(words);
}

void check_settings(const Run& run, const std::vector<FolderSettings>& claims) {
  std::string problems;
  for (const auto& claim : claims) {
    const auto difference = settings_difference(claim);
    if (!difference.empty())
      problems += "\n" + fs::absolute(claim.folder).string() + " was made with other settings:" + difference;
  }
  if (problems.empty()) return;
  throw UsageError("output_dir '" + run.config.output_dir + "' belongs to another configuration" + problems +
                   "\nchoose another output_dir, or --overwrite to start these anew");
}

std::vector<FolderLock> claim_folders(const Run& run, const std::vector<FolderSettings>& claims,
                                      Console& console) {
  std::vector<FolderLock> locks;
  for (const auto& claim : claims) locks.push_back(lock_output(claim.folder));
  if (run.flags.overwrite) {
    for (const auto& claim : claims) remove_results(claim, console);
  } else {
    check_settings(run, claims);
  }
  for (const auto& claim : claims) {
    remove_stale_temporaries(claim.folder);
    write_file_atomically(claim.folder / kSettings, claim.settings);
  }
  return locks;
}

void prepare_run_folder(const Run& run, uint64_t bytes) {
  create_folders(run.folder);
  remove_stale_temporaries(run.folder);
  const uint64_t free = free_disk_bytes(run.folder);
  if (free < bytes) {
    throw IoError(fs::absolute(run.folder).string() + ": " + std::to_string(free >> 20) +
                  " MiB are free, this run needs about " + std::to_string(bytes >> 20) +
                  " MiB; free some space or choose another output_dir");
  }
}

std::string config_text(const Run& run) {
  return "# adaptune " + version_and_commit() + "\n# " + run.flags.command_line + "\n" + run.resolved;
}

void write_run_config(const Run& run) { write_file_atomically(run.folder / "config.yaml", config_text(run)); }

}  // namespace adaptune
