#include "train/trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "adapter/drop.h"
#include "core/ahead.h"
#include "core/error.h"
#include "core/memory_use.h"
#include "core/stop_signal.h"
#include "data/batcher.h"
#include "data/random_sequence.h"
#include "train/checkpoint.h"
#include "train/gradients.h"
#include "train/optimizer.h"
#include "train/resume.h"
#include "train/schedule.h"
#include "train/score_tracker.h"
#include "train/step_batches.h"
#include "train/step_rate.h"
#include "train/stop_watch.h"
#include "train/train_state.h"
#include "train/training_log.h"

namespace adaptune {
namespace {

int64_t rows_per_step(const TrainOptions& options) {
  return options.per_device_train_batch_size * options.gradient_accumulation_steps;
}

int64_t steps_per_epoch(const TrainOptions& options, int64_t examples) {
  return (examples + rows_per_step(options) - 1) / rows_per_step(options);
}

// Puts LibTorch's thread count back to what it was: a resumed run brings its own.
class ThreadCount {
 public:
  ThreadCount() = default;
  ~ThreadCount() { at::set_num_threads(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_ = at::get_num_threads();
};

class Trainer {
 public:
  Trainer(TaskModel& model, const TrainingJob& job, const TrainingObserver& observer)
      : model_(model),
        job_(job),
        options_(job.options),
        observer_(observer),
        batcher_(job.train->lengths(),
                 {rows_per_step(options_), options_.group_by_length, static_cast<uint64_t>(options_.seed)}),
        total_steps_(total_steps(options_, job.train->size())),
        schedule_(options_, total_steps_),
        rule_(score_rule(options_, job.metrics)),
        optimizer_(make_update_rule(options_), parameter_groups(model, options_)),
        checkpoints_(job.folder / "checkpoints"),
        stream_([this](int64_t step) { return batches_of(step); }, total_steps_) {}

  TrainingOutcome run() {
    begin();
    while (!done()) {
      if (const auto signal = stop_requested()) return stopped(*signal);
      if (evaluation_due()) {
        evaluate_validation();
      } else if (save_due()) {
        save();
      } else {
        step();
      }
    }
    return finished();
  }

 private:
  void begin();
  bool last_step_done() const;
  bool done() const { return last_step_done() && !evaluation_due() && !save_due(); }
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
  TrainingOutcome stopped(const std::string& signal);
  TrainingOutcome finished();
  TrainingOutcome outcome() const;
  TrainedParts parts() { return {model_, optimizer_, job_.device}; }
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
  bool saved_ = true;                 // the state is on disk
  std::filesystem::path checkpoint_;  // where
  bool gradients_checked_ = false;
  std::optional<TrainingLog> log_;
  StepRate rate_;
  StepProfile profile_;
  StopWatch watch_;            // since the beginning
  int64_t first_step_ = 0;     // done by earlier processes
  double seconds_before_ = 0;  // of earlier processes
  Ahead<StepBatches> stream_;  // the last: it reads what is above
};

void Trainer::begin() {
  torch::manual_seed(static_cast<uint64_t>(options_.seed));
  const ResumeRequest request{job_.resume, job_.resume_from, job_.identity};
  if (auto run = resume_run(checkpoints_, parts(), request, observer_.message)) {
    state_ = std::move(run->state);
    checkpoint_ = std::move(run->checkpoint);
    seconds_before_ = state_.seconds;
    first_step_ = state_.step;
    if (state_.best.step > 0) checkpoints_.link_best(state_.best.step);
  }
  state_.seed = options_.seed;
  state_.identity = job_.identity;
  state_.threads = at::get_num_threads();
  state_.libtorch = TORCH_VERSION;
  state_.total_steps = total_steps_;
  states_ = job_.states();
  watch_ = StopWatch();  // what was computed before the first step says nothing of the steps' time
  const auto& targets = options_.report_to;
  const bool tensorboard = std::find(targets.begin(), targets.end(), "tensorboard") != targets.end();
  log_.emplace(job_.folder, state_.step, state_.evaluated_step, tensorboard);
}

bool Trainer::last_step_done() const {
  return state_.step >= total_steps_ || (job_.validation && out_of_patience(state_.best, rule_));
}

bool Trainer::due(const std::string& strategy, const std::optional<int64_t>& every) const {
  if (strategy == "epoch") return state_.step % batcher_.batches_per_epoch() == 0;
  return strategy == "steps" && every && state_.step % *every == 0;
}

bool Trainer::evaluation_due() const {
  if (!job_.validation || state_.evaluated_step == state_.step) return false;
  return state_.step >= total_steps_ || due(options_.eval_strategy, options_.eval_steps);
}

bool Trainer::save_due() const {
  if (saved_) return false;
  const bool best = state_.best.step == state_.step;
  const bool periodic = due(options_.save_strategy, options_.save_steps) ||
                        (options_.save_strategy == "epoch" && due("steps", options_.save_steps));
  return best || periodic || last_step_done();
}

void Trainer::step() {
  const StopWatch watch;
  model_.train(true, job_.backbone_dropout);
  const int64_t dropped = drop_layers();
  const double learning_rate = schedule_.learning_rate(state_.step);
  optimizer_.clear_gradients();
  const StopWatch data;
  const StepBatches batches = stream_.take(state_.step);
  const double waited = data.seconds();
  const StepLoss loss = compute_gradients(model_, batches, optimizer_.parameters(), job_.profile);
  if (dropped == 0) require_gradients();
  const double norm = clip_gradients(optimizer_.parameters(), options_.max_grad_norm);
  ++state_.step;
  saved_ = false;
  StopWatch optimizer;
  if (std::isfinite(loss.sum) && std::isfinite(norm)) {
    optimizer_.step(learning_rate);
    state_.skipped_steps = 0;
    state_.loss_sum += loss.sum;
    state_.loss_count += loss.count;
  } else {
    skip_step(loss);
  }
  profile_.add(waited, loss, optimizer.seconds(), watch.seconds());
  rate_.add(watch.seconds(), loss.examples, batches.tokens);
  report(norm, learning_rate);
}

// Also called in another thread, one step at a time: of what it uses, a step changes nothing.
StepBatches Trainer::batches_of(int64_t step) {
  const int64_t per_epoch = batcher_.batches_per_epoch();
  return make_step_batches(*job_.train, batcher_.batch(step / per_epoch, step % per_epoch),
                           options_.per_device_train_batch_size,
                           {job_.pad_id, job_.device, model_.needs_padding(), states_.train.get()});
}

// How many of the lowest layers this step leaves out.
int64_t Trainer::drop_layers() {
  if (!job_.largest_drop) return 0;
  RandomSequence random(static_cast<uint64_t>(options_.seed), kDropStream,
                        static_cast<uint64_t>(state_.step));
  const auto dropped = static_cast<int64_t>(random.below(static_cast<uint64_t>(*job_.largest_drop) + 1));
  model_.leave_out(lowest_layers(dropped));
  return dropped;
}

// A backward pass that does not reach a parameter leaves it at its first value for ever: a mistake of the
// set-up that no score shows.
void Trainer::require_gradients() {
  if (gradients_checked_) return;
  gradients_checked_ = true;
  const auto names = optimizer_.without_gradient();
  if (names.empty()) return;
  std::string list;
  for (const auto& name : names) list += "\n     " + name;
  throw InputError(job_.task + ": these parameters are to be trained but the loss does not depend on them" +
                   list);
}

void Trainer::skip_step(const StepLoss& loss) {
  ++state_.skipped_steps;
  const std::string what = std::isfinite(loss.sum) ? "gradient" : "loss";
  const std::string skipped = std::to_string(state_.skipped_steps);
  observer_.message("step " + std::to_string(state_.step) + " skipped: the " + what + " is not finite (" +
                    skipped + " of at most " + std::to_string(options_.max_skipped_steps) + " in a row)");
  if (state_.skipped_steps < options_.max_skipped_steps) return;
  throw Error(ExitCode::kDiverged,
              job_.task + ": the " + what + " was not finite in " + skipped + " steps in a row, up to step " +
                  std::to_string(state_.step) +
                  "; try a lower learning_rate or max_grad_norm, and look for NaN in the model");
}

void Trainer::report(double gradient_norm, double learning_rate) {
  TrainProgress progress;
  progress.task = job_.task;
  progress.step = state_.step;
  progress.total_steps = total_steps_;
  progress.epoch = epochs(state_.step);
  progress.total_epochs = static_cast<int64_t>(std::ceil(epochs(total_steps_)));
  if (state_.loss_count > 0) progress.loss = state_.loss_sum / state_.loss_count;
  progress.learning_rate = learning_rate;
  progress.grad_norm = gradient_norm;
  progress.examples_per_second = rate_.examples_per_second();
  progress.tokens_per_second = rate_.tokens_per_second();
  progress.memory_gib = resident_gib();
  progress.total_memory_gib = machine_gib();
  // Evaluations and checkpoints are in the mean, as they will be in the rest.
  const double seconds_per_step = watch_.seconds() / static_cast<double>(state_.step - first_step_);
  progress.remaining_seconds = seconds_per_step * static_cast<double>(total_steps_ - state_.step);
  observer_.step(progress);
  if (state_.step % options_.logging_steps != 0 && state_.step != total_steps_) return;
  log_->write(progress);
  state_.loss_sum = state_.loss_count = 0;
}

void Trainer::evaluate_validation() {
  if (job_.largest_drop) model_.leave_out({});
  const EvaluationSettings settings{options_.per_device_eval_batch_size, job_.pad_id, job_.device,
                                    states_.validation.get()};
  const Evaluation evaluation = evaluate(model_, *job_.validation, job_.metrics, settings);
  EvalProgress progress;
  progress.task = job_.task;
  progress.step = state_.evaluated_step = state_.step;
  progress.scores = {{"loss", evaluation.loss}};
  progress.scores.insert(progress.scores.end(), evaluation.scores.begin(), evaluation.scores.end());
  const auto chosen = std::find_if(progress.scores.begin(), progress.scores.end(),
                                   [&](const auto& score) { return score.first == rule_.metric; });
  state_.score = chosen->second;
  progress.best = track_score(state_.best, rule_, chosen->second, state_.step);
  progress.stalled = state_.best.stalled;
  progress.patience = rule_.patience.value_or(0);
  saved_ = false;
  log_->write(progress, epochs(state_.step));
  observer_.evaluated(progress);
}

void Trainer::save() {
  if (!job_.validation) state_.best.step = state_.step;
  const int64_t per_epoch = batcher_.batches_per_epoch();
  state_.epoch = epochs(state_.step);
  state_.sampler_epoch = state_.step / per_epoch;
  state_.sampler_position = state_.step % per_epoch;
  state_.seconds = seconds_before_ + watch_.seconds();
  checkpoint_ = checkpoints_.write(parts(), state_);
  saved_ = true;
  if (state_.best.step == state_.step) checkpoints_.link_best(state_.step);
  checkpoints_.prune(options_.save_total_limit);
}

TrainingOutcome Trainer::outcome() const {
  TrainingOutcome outcome;
  outcome.checkpoint = checkpoint_;
  outcome.metric = job_.validation ? rule_.metric : "";
  const bool best = options_.load_best_model_at_end;
  outcome.score = best                                   ? state_.best.score
                  : state_.evaluated_step == state_.step ? state_.score
                                                         : std::nullopt;
  outcome.step = best ? state_.best.step : state_.step;
  outcome.epoch = epochs(outcome.step);
  outcome.steps = state_.step;
  outcome.profile = profile_;
  outcome.seconds = saved_ ? state_.seconds : seconds_before_ + watch_.seconds();
  return outcome;
}

TrainingOutcome Trainer::stopped(const std::string& signal) {
  if (!saved_ || checkpoint_.empty()) save();
  TrainingOutcome result = outcome();
  result.stopped_by = signal;
  return result;
}

TrainingOutcome Trainer::finished() {
  // Where no evaluation had a score, or nothing is evaluated, the last state counts as the best.
  if (state_.best.step == 0) {
    state_.best.step = state_.step;
    checkpoints_.link_best(state_.step);
  }
  if (options_.load_best_model_at_end && state_.best.step != state_.step) {
    load_model(checkpoints_.path(state_.best.step), model_);
  }
  TrainingOutcome result = outcome();
  if (state_.step < total_steps_) {
    result.ended = "stopped early: " + rule_.metric + " did not improve for " +
                   std::to_string(*rule_.patience) + " evaluations";
  }
  return result;
}

}  // namespace

int64_t total_steps(const TrainOptions& options, int64_t examples) {
  return options.max_steps.value_or(options.num_train_epochs * steps_per_epoch(options, examples));
}

TrainingOutcome run_training(TaskModel& model, const TrainingJob& job, const TrainingObserver& observer) {
  if (job.train->size() == 0)
    throw InputError(job.task + ": the training split is empty; at least one example is needed");
  const ThreadCount restored;
  return Trainer(model, job, observer).run();
}

}  // namespace adaptune
