#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/ahead.h"
#include "data/batcher.h"
#include "train/checkpoint.h"
#include "train/gradients.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/score_tracker.h"
#include "train/step_batches.h"
#include "train/step_profile.h"
#include "train/step_rate.h"
#include "train/stop_watch.h"
#include "train/train_state.h"
#include "train/trainer.h"
#include "train/training_log.h"

namespace adaptune {

// One training as a sequence of evaluations, checkpoints and steps. What a run does next follows from its
// state alone, so that it goes on anywhere. The model must be detached.
class TrainingLoop {
 public:
  TrainingLoop(TaskModel& model, const TrainingJob& job, const TrainingObserver& observer);

  void begin();
  bool done() const { return last_step_done() && !evaluation_due() && !save_due(); }
  // The next evaluation, checkpoint or step.
  void advance();
  TrainingOutcome stopped(const std::string& signal);
  TrainingOutcome finished();

  // All but the constructor is called between these two: outside of them others may use the backbone and
  // LibTorch's generators.
  void enter();
  void leave();

 private:
  bool last_step_done() const;
  bool due(const std::string& strategy, const std::optional<int64_t>& every) const;
  bool evaluation_due() const;
  bool save_due() const;
  void evaluate_validation();
  void save();
  void step();
  void skip_step(const StepLoss& loss);
  void require_gradients();
  int64_t drop_layers();
  StepBatches batches_of(int64_t step);
  void report(double gradient_norm, double learning_rate);
  TrainingOutcome outcome() const;
  TrainedParts parts() { return {model_, optimizer_, job_.device}; }
  double own_seconds() const { return seconds_ + watch_.seconds(); }
  double epochs(int64_t steps) const {
    return static_cast<double>(steps) / static_cast<double>(batcher_.batches_per_epoch());
  }

  TaskModel& model_;
  const TrainingJob& job_;
  const TrainOptions& options_;
  const TrainingObserver& observer_;
  Batcher batcher_;
  int64_t total_steps_;
  Schedule schedule_;
  ScoreRule rule_;
  Optimizer optimizer_;
  CheckpointFolder checkpoints_;

  TrainState state_;
  TrainingStates states_;
  TensorMap generators_;              // of this training, while others run
  int outside_threads_ = 0;           // LibTorch's thread count that enter() found
  bool saved_ = true;                 // the state is on disk
  std::filesystem::path checkpoint_;  // where
  bool gradients_checked_ = false;
  std::optional<TrainingLog> log_;
  StepRate rate_;
  StepProfile profile_;
  StopWatch watch_;            // since enter()
  double seconds_ = 0;         // before that, since the beginning
  int64_t first_step_ = 0;     // done by earlier processes
  double seconds_before_ = 0;  // of earlier processes
  Ahead<StepBatches> stream_;  // the last: it reads what is above
};

}  // namespace adaptune
