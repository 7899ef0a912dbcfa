#include "train/trainer.h"

#include <algorithm>

#include "core/error.h"
#include "core/stop_signal.h"
#include "train/training_loop.h"

namespace adaptune {
namespace {

// Trainings that take turns on one backbone: at any time one of them is attached to it.
class Turns {
 public:
  explicit Turns(const std::vector<Training>& trainings) {
    for (const auto& [model, job, observer] : trainings) {
      if (job->train->size() == 0)
        throw InputError(job->task + ": the training split is empty; at least one example is needed");
      loops_.push_back(std::make_unique<TrainingLoop>(*model, *job, *observer));
    }
  }
  ~Turns() {
    if (present_) present_->leave();
  }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  void begin() {
    for (auto& loop : loops_) in(*loop).begin();
  }
  bool done() const {
    return std::all_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->done(); });
  }
  void advance() {
    for (auto& loop : loops_)
      if (!loop->done()) in(*loop).advance();
  }
  std::vector<TrainingOutcome> stop(const std::string& signal) {
    return outcomes([&](TrainingLoop& loop) { return loop.done() ? loop.finished() : loop.stopped(signal); });
  }
  std::vector<TrainingOutcome> finish() {
    return outcomes([](TrainingLoop& loop) { return loop.finished(); });
  }

 private:
  TrainingLoop& in(TrainingLoop& loop) {
    if (present_ == &loop) return loop;
    if (present_) present_->leave();
    present_ = nullptr;
    loop.enter();
    present_ = &loop;
    return loop;
  }
  std::vector<TrainingOutcome> outcomes(const std::function<TrainingOutcome(TrainingLoop&)>& end) {
    std::vector<TrainingOutcome> outcomes;
    for (auto& loop : loops_) outcomes.push_back(end(in(*loop)));
    return outcomes;
  }

  std::vector<std::unique_ptr<TrainingLoop>> loops_;
  TrainingLoop* present_ = nullptr;
};

// Takes a model from its backbone for as long as it lives.
class Detached {
 public:
  explicit Detached(TaskModel& model) : model_(model) { model_.detach(); }
  ~Detached() { model_.attach(); }
  Detached(const Detached&) = delete;
  Detached& operator=(const Detached&) = delete;

 private:
  TaskModel& model_;
};

}  // namespace

int64_t rows_per_step(const TrainOptions& options) {
  return options.per_device_train_batch_size * options.gradient_accumulation_steps;
}

int64_t total_steps(const TrainOptions& options, int64_t examples) {
  const int64_t rows = rows_per_step(options), per_epoch = (examples + rows - 1) / rows;
  return options.max_steps.value_or(options.num_train_epochs * per_epoch);
}

TrainingOutcome run_training(TaskModel& model, const TrainingJob& job, const TrainingObserver& observer) {
  const Detached detached(model);
  return run_in_turn({{&model, &job, &observer}}).front();
}

std::vector<TrainingOutcome> run_in_turn(const std::vector<Training>& trainings) {
  Turns turns(trainings);
  turns.begin();
  while (!turns.done()) {
    if (const auto signal = stop_requested()) return turns.stop(*signal);
    turns.advance();
  }
  return turns.finish();
}

}  // namespace adaptune
