#pragma once

#include <filesystem>
#include <optional>

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
std::optional<FinishedTraining> read_finished(const std::filesystem::path& folder);
void write_finished(const std::filesystem::path& folder, const FinishedTraining& finished);

}  // namespace adaptune
