#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "model/task_model.h"
#include "recipe/stage.h"
#include "report/results.h"

namespace adaptune {

// Trainings of a stage that go on side by side, from their first line in the log to their files.
class TasksInTurn {
 public:
  TasksInTurn(const Run& run, Workspace& workspace, const Stage& stage, Console& console)
      : run_(run), workspace_(workspace), stage_(stage), console_(console) {}

  // Prints what is trained; what an earlier start of the same command finished is not trained again.
  // UsageError where it was another training. `plan` must outlive this.
  void start(const Plan& plan);
  // Trains all and writes what ended. False: a signal stopped the others.
  bool run();
  // Of the trainings that ended, in the order of start().
  const std::vector<TrainResult>& results() const { return results_; }

 private:
  struct Started {
    const Plan* plan;
    TrainingJob job;
    int64_t steps;
    StageModel parts;
    std::unique_ptr<TaskModel> model;  // detached; null: finished before
    std::optional<TrainResult> finished;
  };
  // Writes it; empty when a signal stopped it.
  std::optional<TrainResult> finish(const Started& started, const TrainingOutcome& outcome);

  const Run& run_;
  Workspace& workspace_;
  const Stage& stage_;
  Console& console_;
  std::deque<Started> started_;  // jobs stay where they are
  std::vector<TrainResult> results_;
};

}  // namespace adaptune
