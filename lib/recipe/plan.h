#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "recipe/activations.h"
#include "recipe/console.h"
#include "recipe/run.h"
#include "recipe/start_up.h"
#include "recipe/workspace.h"

namespace adaptune {

// One training of a stage.
struct StageTask {
  const TaskConfig* task = nullptr;
  const TrainOptions* options = nullptr;
  std::filesystem::path folder;  // checkpoints and logs
  std::vector<std::filesystem::path>
      outputs;  // folders written at the end: the adapter first, then its exports
};

// A training as it is planned: everything but its tensors.
struct Plan {
  const StageTask* task = nullptr;
  std::vector<PartCount> parts;
  std::string settings;  // what the result depends on beside data and backbone: "key: value" lines
  StatesPlan states;
};

// Prints what would be trained, the tables of parameters as the result, and returns 0.
int report_plans(const Run& run, Workspace& workspace, const std::vector<Plan>& plans, Console& console);
// Bytes a run writes at most: checkpoints with optimizer state, adapters, logs.
uint64_t needed_disk_bytes(Workspace& workspace, const std::vector<Plan>& plans);

}  // namespace adaptune
