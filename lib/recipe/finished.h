#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "recipe/plan.h"
#include "report/results.h"

namespace adaptune {

// result.json: a finished training as its folder remembers it, so that a second start skips it.
struct FinishedTraining {
  TrainResult result;
  int64_t total_steps = 0;  // that were planned: more of them now mean it goes on
  bool stopped_early = false;
  std::optional<int64_t> patience;  // it was stopped early with: another one now means it goes on
  std::string identity;             // TrainingJob::identity
};
std::optional<FinishedTraining> read_finished(const StageTask& task);
void write_finished(const std::filesystem::path& folder, const FinishedTraining& finished);
// The result of an earlier start where nothing is left to train for the task; then `identity` and `steps`,
// those of this start, are the earlier one's. UsageError where that was another training, or where this one
// would replace what it made by anything but its continuation.
std::optional<TrainResult> finished_result(const Run& run, const StageTask& task, const std::string& identity,
                                           int64_t steps);

}  // namespace adaptune
