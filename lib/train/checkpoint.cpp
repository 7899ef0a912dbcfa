#include "train/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <system_error>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/io_failure.h"
#include "io/tensor_file.h"
#include "train/generator_state.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

constexpr char kAdapterFile[] = "adapter.safetensors";
constexpr char kHeadFile[] = "head.safetensors";
constexpr char kOptimizerFile[] = "optimizer.safetensors";
constexpr char kGeneratorFile[] = "rng.safetensors";
constexpr char kStateFile[] = "state.json";
constexpr char kBestLink[] = "best";
constexpr std::string_view kNamePrefix = "step-";

// Empty for other names, those of unfinished folders ("step-5.tmp") included.
std::optional<int64_t> step_of(const std::string& name) {
  if (!name.starts_with(kNamePrefix)) return std::nullopt;
  int64_t step = 0;
  const char* end = name.data() + name.size();
  const auto result = std::from_chars(name.data() + kNamePrefix.size(), end, step);
  return result.ec == std::errc() && result.ptr == end ? std::optional(step) : std::nullopt;
}

void remove_checkpoint(const fs::path& checkpoint) {
  std::error_code code;
  fs::remove_all(checkpoint, code);
  if (code) throw io_failure(checkpoint, "remove", code.value());
}

void remove_unfinished(const fs::path& folder) {
  std::vector<fs::path> unfinished;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".tmp") unfinished.push_back(entry.path());
  }
  for (const auto& path : unfinished) remove_checkpoint(path);
}

TensorMap on_host(const TensorMap& tensors) {
  TensorMap host;
  for (const auto& [name, tensor] : tensors) host.emplace(name, tensor.cpu());
  return host;
}

}  // namespace

fs::path CheckpointFolder::path(int64_t step) const {
  return folder_ / (std::string(kNamePrefix) + std::to_string(step));
}

std::vector<int64_t> CheckpointFolder::steps() const {
  std::vector<int64_t> steps;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder_, absent)) {
    const auto step = step_of(entry.path().filename().string());
    if (step && entry.is_directory()) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end(), std::greater<>());
  return steps;
}

fs::path CheckpointFolder::write(const TrainedParts& parts, const TrainState& state) const {
  create_folders(folder_);
  const auto checkpoint = path(state.step);
  write_folder_atomically(checkpoint, [&](const fs::path& folder) {
    write_safetensors(folder / kAdapterFile, on_host(parameter_map(parts.model.attachment())));
    write_safetensors(folder / kHeadFile, on_host(parameter_map(parts.model.head())));
    write_safetensors(folder / kOptimizerFile, on_host(parts.optimizer.state()));
    write_safetensors(folder / kGeneratorFile, generator_state(parts.device));
    write_file_atomically(folder / kStateFile, state_json(state));
  });
  return checkpoint;
}

void CheckpointFolder::link_best(int64_t step) const {
  replace_link(folder_ / kBestLink, path(step).filename().string());
}

void CheckpointFolder::prune(std::optional<int64_t> limit) const {
  remove_unfinished(folder_);
  const auto all = steps();
  std::set<int64_t> kept, best;
  for (const int64_t step : all) {
    if (limit && static_cast<int64_t>(kept.size()) >= *limit) break;
    if (best.count(step)) continue;
    try {
      best.insert(read_checkpoint_state(path(step)).best.step);
    } catch (const Error&) {
      continue;  // a damaged one does not count, and is removed
    }
    if (!best.count(step)) kept.insert(step);
  }
  for (const int64_t step : all) {
    if (!kept.count(step) && !best.count(step)) remove_checkpoint(path(step));
  }
}

void CheckpointFolder::remove_after(int64_t step) const {
  for (const int64_t later : steps()) {
    if (later > step) remove_checkpoint(path(later));
  }
  const auto best = folder_ / kBestLink;
  if (fs::is_symlink(best) && !fs::exists(best)) remove_checkpoint(best);
}

bool is_checkpoint(const fs::path& folder) { return fs::is_regular_file(folder / kStateFile); }

TrainState read_checkpoint_state(const fs::path& checkpoint) {
  const auto file = checkpoint / kStateFile;
  return read_state_json(read_file(file), fs::absolute(file).string());
}

void load_model(const fs::path& checkpoint, TaskModel& model) {
  const auto adapter = checkpoint / kAdapterFile, head = checkpoint / kHeadFile;
  const auto adapter_tensors = read_safetensors(adapter), head_tensors = read_safetensors(head);
  load_parameters(model.attachment(), adapter_tensors, fs::absolute(adapter).string());
  load_parameters(model.head(), head_tensors, fs::absolute(head).string());
}

TrainState read_checkpoint(const fs::path& checkpoint, const TrainedParts& parts) {
  const TrainState state = read_checkpoint_state(checkpoint);
  const auto optimizer = checkpoint / kOptimizerFile, generators = checkpoint / kGeneratorFile;
  const auto optimizer_tensors = read_safetensors(optimizer),
             generator_tensors = read_safetensors(generators);
  load_model(checkpoint, parts.model);
  parts.optimizer.load_state(optimizer_tensors, fs::absolute(optimizer).string());
  set_generator_state(generator_tensors, parts.device, fs::absolute(generators).string());
  return state;
}

}  // namespace adaptune
