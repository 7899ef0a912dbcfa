#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/task_model.h"
#include "recipe/console.h"
#include "recipe/run.h"
#include "recipe/workspace.h"
#include "train/trainer.h"

namespace adaptune {

// What `cache` of the configuration keeps of a training.
struct StatesPlan {
  std::vector<int64_t> layers;  // the states that are kept, as ActivationKey names them; none: nothing is
  int64_t bytes = 0;            // of both splits' files
  std::map<std::string, int64_t> files;  // bytes of each, by a name that trainings on the same texts share
  std::string text;  // a line that says so, and why there is nothing to keep; empty: the cache is off
};

// UsageError at its place when the files would be larger than cache.max_gib.
StatesPlan plan_states(const Run& run, Workspace& workspace, const TaskData& data,
                       const Attachment& attachment);

// IoError where the disk has no room for the files of all plans together, those that are there already
// counted in.
void check_cache_room(const Run& run, const std::vector<StatesPlan>& plans);

// Read from their files, or computed and written first where those are missing or damaged, which one of
// several runs does for all. IoError (with the way to do without) when they cannot be written. Null when a
// signal asked to stop before they were complete.
TrainingStates training_states(const Run& run, Workspace& workspace, const TaskData& data,
                               const StatesPlan& plan, bool bf16, Console& console);

}  // namespace adaptune
