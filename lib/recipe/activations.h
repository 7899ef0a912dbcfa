#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/activation_cache.h"
#include "model/task_model.h"
#include "recipe/console.h"
#include "recipe/run.h"
#include "recipe/workspace.h"
#include "train/trainer.h"

namespace adaptune {

// What `cache` of the configuration keeps of a training.
struct StatesPlan {
  std::optional<ActivationKey> key;                // of the states that are kept; empty: none
  std::map<std::filesystem::path, int64_t> files;  // bytes of each; trainings on the same texts share them
  int64_t bytes = 0;                               // of all of them
  std::string text;  // a line that says so, and why there is nothing to keep; empty: the cache is off
};

// `bf16`: the training's products are in bfloat16.
StatesPlan plan_states(const Run& run, Workspace& workspace, const TaskData& data,
                       const Attachment& attachment, bool bf16);

// Of trainings that are to be run. UsageError at its place where the files of one would be larger than
// cache.max_gib; IoError where the disk has no room for those that are not there yet, with `other_bytes` that
// the run writes into its own folder.
void check_cache_room(const Run& run, const std::vector<const StatesPlan*>& plans, uint64_t other_bytes);

// Of the training whose attachment that is. Read from their files, or computed and written first where those
// are missing or damaged, which one of several runs does for all. IoError (with the way to do without) when
// they cannot be written. Null when a signal asked to stop before they were complete.
TrainingStates training_states(const Run& run, Workspace& workspace, const TaskData& data,
                               const StatesPlan& plan, const Attachment& attachment, Console& console);

}  // namespace adaptune
