#pragma once
// Checkpoints of one run, `<folder>/step-<N>`:
//   adapter.safetensors  head.safetensors  optimizer.safetensors  rng.safetensors  state.json
// and `best`, a link to one of them. Each appears complete or not at all.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "model/task_model.h"
#include "train/optimizer.h"
#include "train/train_state.h"

namespace adaptune {

// The parts of a run that have tensors.
struct TrainedParts {
  TaskModel& model;
  Optimizer& optimizer;
  torch::Device device;
};

class CheckpointFolder {
 public:
  explicit CheckpointFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path path(int64_t step) const;
  // Steps of all checkpoints, newest first.
  std::vector<int64_t> steps() const;
  // Returns the checkpoint's path. IoError as core/atomic_file.h, with all earlier checkpoints intact.
  std::filesystem::path write(const TrainedParts& parts, const TrainState& state) const;
  void link_best(int64_t step) const;
  // Removes all but the newest `limit` checkpoints, the best ones of those that stay not counted, and what a
  // process left that died while it wrote one. Without a limit all that can be read stay.
  void prune(std::optional<int64_t> limit) const;
  // Removes those after `step`, and a link to one of them.
  void remove_after(int64_t step) const;

 private:
  std::filesystem::path folder_;
};

// Whether the folder is a checkpoint, readable or damaged.
bool is_checkpoint(const std::filesystem::path& folder);
// Puts a checkpoint's tensors and generators in place. InputError when a file is missing or damaged; then the
// parts may hold some of its tensors.
TrainState read_checkpoint(const std::filesystem::path& checkpoint, const TrainedParts& parts);
// Its state alone.
TrainState read_checkpoint_state(const std::filesystem::path& checkpoint);
// Its adapter and head.
void load_model(const std::filesystem::path& checkpoint, TaskModel& model);

}  // namespace adaptune
