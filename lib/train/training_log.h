#pragma once

#include <filesystem>
#include <optional>

#include "report/progress_line.h"
#include "report/run_log.h"
#include "report/tensorboard.h"

namespace adaptune {

// A run's numbers on disk: metrics.jsonl, and events in tb/ if wanted. The names are those of the progress
// lines; of evaluations with "eval_" before them.
class TrainingLog {
 public:
  // Continues after `resumed_step`, as RunLog and TensorBoardWriter do; an evaluation of a step after
  // `evaluated_step` will be made again.
  TrainingLog(const std::filesystem::path& folder, int64_t resumed_step, int64_t evaluated_step,
              bool tensorboard);
  void write(const TrainProgress& progress);
  void write(const EvalProgress& progress, double epoch);

 private:
  RunLog lines_;
  std::optional<TensorBoardWriter> events_;
};

}  // namespace adaptune
