#pragma once
// The training loop of every stage: knowledge extraction, composition and the baselines differ only in
// what the model's attachment is.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/activation_cache.h"
#include "data/encoded.h"
#include "model/task_model.h"
#include "report/progress_line.h"
#include "train/evaluation.h"
#include "train/step_profile.h"
#include "train/train_options.h"

namespace adaptune {

// States that passes go on from; null: they begin with the tokens.
struct TrainingStates {
  std::shared_ptr<const ActivationCache> train, validation;
};

// What is trained on what.
struct TrainingJob {
  std::string task;  // name in progress lines
  const EncodedSplit* train = nullptr;
  const EncodedSplit* validation = nullptr;  // null: the last state counts as the best
  // Asked once, when the number of threads is the training's: it may compute them.
  std::function<TrainingStates()> states = [] { return TrainingStates(); };
  std::vector<std::string> metrics;  // of the validation split; the first chooses the best
  TrainOptions options;
  bool backbone_dropout = true;  // after the method's default
  // Each step leaves the adapters of the lowest n layers out, n drawn from 0 to this (AdapterDrop's robust
  // training).
  std::optional<int64_t> largest_drop;
  int32_t pad_id = 0;
  torch::Device device = torch::kCPU;
  std::filesystem::path folder;                      // gets metrics.jsonl, tb/, checkpoints/
  bool resume = true;                                // from the newest usable checkpoint in `folder`
  std::optional<std::filesystem::path> resume_from;  // a certain checkpoint
  // What a checkpoint must have been made with: data and backbone fingerprints, options that change the
  // result. A checkpoint that says otherwise is an InputError naming the differing lines.
  std::string identity;
  bool random_crop = false, horizontal_flip = false;  // of training images
  bool profile = false;  // waits for the device wherever the profile reads the clock
};

// What happens on the way, for whoever shows it. All of it may be ignored.
struct TrainingObserver {
  std::function<void(const TrainProgress&)> step = [](const TrainProgress&) {};
  std::function<void(const EvalProgress&)> evaluated = [](const EvalProgress&) {};
  std::function<void(const std::string&)> message = [](const std::string&) {};  // "resumed at step 500"
};

struct TrainingOutcome {
  std::optional<std::string> stopped_by;  // "SIGTERM": a checkpoint was written, run again to go on
  std::filesystem::path checkpoint;       // the one written last; empty: none
  // Of the weights that the model has now: the best, or the last without load_best_model_at_end.
  std::string metric;
  std::optional<double> score;  // in the metric's own unit; empty: not evaluated, or undefined
  int64_t step = 0;             // optimizer steps
  double epoch = 0;
  int64_t steps = 0;    // of the whole run
  std::string ended;    // "stopped early: accuracy did not improve for 3 evaluations"; else ""
  double seconds = 0;   // of all runs, resumed ones included
  StepProfile profile;  // of this one's steps
};

// Rows of one optimizer step.
int64_t rows_per_step(const TrainOptions& options);
// Optimizer steps of the whole run.
int64_t total_steps(const TrainOptions& options, int64_t examples);
// Batch of the first step of each epoch etc. are the Batcher's; seeds the global generator with the
// options' seed unless it resumes. Ends with the best parameters in the model if load_best_model_at_end.
// Throws Error(kDiverged) after max_skipped_steps non-finite steps in a row, InputError for a parameter
// that got no gradient at the first step, IoError from checkpoints (earlier ones stay usable).
TrainingOutcome run_training(TaskModel& model, const TrainingJob& job, const TrainingObserver& observer);

// Several on one backbone, a step of each in turn (Rebuffi et al. 2018's round robin), until each has ended
// by its own schedule: the results are those of running them one after the other. The models must be
// detached, and are so afterwards. A signal stops all that have not ended.
struct Training {
  TaskModel* model;
  const TrainingJob* job;
  const TrainingObserver* observer;
};
std::vector<TrainingOutcome> run_in_turn(const std::vector<Training>& trainings);

}  // namespace adaptune
