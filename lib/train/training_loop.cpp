#include "train/training_loop.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "adapter/drop.h"
#include "core/error.h"
#include "core/memory_use.h"
#include "data/random_sequence.h"
#include "train/generator_state.h"
#include "train/resume.h"

namespace adaptune {

namespace {

std::vector<torch::Tensor> copies_of(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> copies;
  for (const auto& tensor : tensors) copies.push_back(tensor.clone());
  return copies;
}

void put_back(const std::vector<torch::Tensor>& copies, const std::vector<torch::Tensor>& tensors) {
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < copies.size(); ++i) tensors[i].copy_(copies[i]);
}

}  // namespace

TrainingLoop::TrainingLoop(TaskModel& model, const TrainingJob& job, const TrainingObserver& observer)
    : model_(model),
      job_(job),
      options_(job.options),
      observer_(observer),
      batcher_(job.train->lengths(),
               {rows_per_step(options_), options_.group_by_length, static_cast<uint64_t>(options_.seed)}),
      total_steps_(total_steps(options_, job.train->size())),
      schedule_(options_, total_steps_, batcher_.batches_per_epoch()),
      rule_(score_rule(options_, job.metrics)),
      optimizer_(make_update_rule(options_), parameter_groups(model, options_)),
      checkpoints_(job.folder / "checkpoints"),
      stream_([this](int64_t step) { return batches_of(step); }, total_steps_) {}

void TrainingLoop::enter() {
  outside_threads_ = at::get_num_threads();
  if (state_.threads > 0) at::set_num_threads(static_cast<int>(state_.threads));
  model_.backbone().set_bfloat16(options_.bf16);
  model_.attach();
  if (!generators_.empty()) set_generator_state(generators_, job_.device, job_.task);
  watch_ = StopWatch();
}

void TrainingLoop::leave() {
  seconds_ = own_seconds();
  generators_ = generator_state(job_.device);
  model_.detach();
  at::set_num_threads(outside_threads_);
}

void TrainingLoop::begin() {
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
  // What was computed before the first step says nothing of the steps' time.
  watch_ = StopWatch();
  seconds_ = 0;
  const auto& targets = options_.report_to;
  const bool tensorboard = std::find(targets.begin(), targets.end(), "tensorboard") != targets.end();
  log_.emplace(job_.folder, state_.step, state_.evaluated_step, tensorboard);
}

void TrainingLoop::advance() {
  if (evaluation_due()) {
    evaluate_validation();
  } else if (save_due()) {
    save();
  } else {
    step();
  }
}

bool TrainingLoop::last_step_done() const {
  return state_.step >= total_steps_ || (job_.validation && out_of_patience(state_.best, rule_));
}

bool TrainingLoop::due(const std::string& strategy, const std::optional<int64_t>& every) const {
  if (strategy == "epoch") return state_.step % batcher_.batches_per_epoch() == 0;
  return strategy == "steps" && every && state_.step % *every == 0;
}

bool TrainingLoop::evaluation_due() const {
  if (!job_.validation || state_.evaluated_step == state_.step) return false;
  return state_.step >= total_steps_ || due(options_.eval_strategy, options_.eval_steps);
}

bool TrainingLoop::save_due() const {
  if (saved_) return false;
  const bool best = state_.best.step == state_.step;
  const bool periodic = due(options_.save_strategy, options_.save_steps) ||
                        (options_.save_strategy == "epoch" && due("steps", options_.save_steps));
  return best || periodic || last_step_done();
}

void TrainingLoop::step() {
  const StopWatch watch;
  model_.train(true, job_.backbone_dropout);
  const int64_t dropped = drop_layers();
  const double learning_rate = schedule_.learning_rate(state_.step);
  optimizer_.clear_gradients();
  const StopWatch data;
  const StepBatches batches = stream_.take(state_.step);
  const double waited = data.seconds();
  const auto statistics = copies_of(model_.attachment().buffers());
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
    put_back(statistics, model_.attachment().buffers());  // the pass may have made them NaN for good
    skip_step(loss);
  }
  profile_.add(waited, loss, optimizer.seconds(), watch.seconds());
  rate_.add(watch.seconds(), loss.examples, batches.tokens);
  report(norm, learning_rate);
}

// How many of the lowest layers this step leaves out.
int64_t TrainingLoop::drop_layers() {
  if (!job_.largest_drop) return 0;
  RandomSequence random(static_cast<uint64_t>(options_.seed), kDropStream,
                        static_cast<uint64_t>(state_.step));
  const auto dropped = static_cast<int64_t>(random.below(static_cast<uint64_t>(*job_.largest_drop) + 1));
  model_.leave_out(lowest_layers(dropped));
  return dropped;
}

// Also called in another thread, one step at a time: of what it uses, a step changes nothing.
StepBatches TrainingLoop::batches_of(int64_t step) {
  const int64_t per_epoch = batcher_.batches_per_epoch(), epoch = step / per_epoch;
  CollateOptions options{job_.pad_id, job_.device, model_.needs_padding(), states_.train.get(), {}};
  if (job_.train->images) {
    options.augmentation =
        Augmentation{job_.random_crop, job_.horizontal_flip, static_cast<uint64_t>(options_.seed), epoch};
  }
  return make_step_batches(*job_.train, batcher_.batch(epoch, step % per_epoch),
                           options_.per_device_train_batch_size, options);
}

// A backward pass that does not reach a parameter leaves it at its first value for ever: a mistake of the
// set-up that no score shows.
void TrainingLoop::require_gradients() {
  if (gradients_checked_) return;
  gradients_checked_ = true;
  const auto names = optimizer_.without_gradient();
  if (names.empty()) return;
  std::string list;
  for (const auto& name : names) list += "\n     " + name;
  throw InputError(job_.task + ": these parameters are to be trained but the loss does not depend on them" +
                   list);
}

void TrainingLoop::skip_step(const StepLoss& loss) {
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

void TrainingLoop::report(double gradient_norm, double learning_rate) {
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
  const double seconds_per_step = own_seconds() / static_cast<double>(state_.step - first_step_);
  progress.remaining_seconds = seconds_per_step * static_cast<double>(total_steps_ - state_.step);
  observer_.step(progress);
  if (state_.step % options_.logging_steps != 0 && state_.step != total_steps_) return;
  log_->write(progress);
  state_.loss_sum = state_.loss_count = 0;
}

void TrainingLoop::evaluate_validation() {
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

void TrainingLoop::save() {
  if (!job_.validation) state_.best.step = state_.step;
  const int64_t per_epoch = batcher_.batches_per_epoch();
  state_.epoch = epochs(state_.step);
  state_.sampler_epoch = state_.step / per_epoch;
  state_.sampler_position = state_.step % per_epoch;
  state_.seconds = seconds_before_ + own_seconds();
  checkpoint_ = checkpoints_.write(parts(), state_);
  saved_ = true;
  if (state_.best.step == state_.step) checkpoints_.link_best(state_.step);
  checkpoints_.prune(options_.save_total_limit);
}

TrainingOutcome TrainingLoop::outcome() const {
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
  outcome.seconds = saved_ ? state_.seconds : seconds_before_ + own_seconds();
  return outcome;
}

TrainingOutcome TrainingLoop::stopped(const std::string& signal) {
  if (!saved_ || checkpoint_.empty()) save();
  TrainingOutcome result = outcome();
  result.stopped_by = signal;
  return result;
}

TrainingOutcome TrainingLoop::finished() {
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

}  // namespace adaptune
