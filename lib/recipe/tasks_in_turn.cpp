#include "recipe/tasks_in_turn.h"

#include <algorithm>

#include "core/error.h"
#include "core/joined.h"
#include "recipe/activations.h"
#include "recipe/export.h"
#include "recipe/finished.h"
#include "recipe/fused_task.h"
#include "recipe/output_lock.h"

namespace adaptune {
namespace {

bool is_share(const std::string& metric) { return metric != "loss"; }

TrainingJob training_job(const Run& run, Workspace& workspace, const Plan& plan) {
  const StageTask& task = *plan.task;
  const auto& data = workspace.data(*task.task);
  TrainingJob job;
  job.task = task.task->name;
  job.train = data.train.rows.get();
  job.validation = data.validation ? data.validation->rows.get() : nullptr;
  job.metrics = task.task->metrics;
  job.options = *task.options;
  job.backbone_dropout = backbone_dropout(*task.options, task.task->adapter);
  job.pad_id = workspace.pad_id();
  job.device = run.device;
  job.folder = task.folder;
  job.resume = run.flags.resume != "never";
  if (job.resume && run.flags.resume != "auto") job.resume_from = run.flags.resume;
  job.identity = workspace.job_identity(plan.settings, data);
  job.random_crop = task.task->data.random_crop;
  job.horizontal_flip = task.task->data.horizontal_flip;
  job.profile = run.flags.profile;
  return job;
}

TaskDescription description_of(Workspace& workspace, const TaskConfig& task, const TrainingOutcome& outcome) {
  TaskDescription d = workspace.describe(task);
  if (outcome.score) d.scores[outcome.metric] = *outcome.score;
  d.step = outcome.step;
  return d;
}

std::vector<TrainResult> known_results(const Stage& stage) {
  std::vector<TrainResult> results;
  for (const auto& task : stage.known) {
    if (const auto finished = read_finished(task)) results.push_back(finished->result);
  }
  return results;
}

// The fusions over an adapter that is about to change, while something else can still be done.
void warn_of_stale_fusions(const Run& run, const StageTask& task, Console& console) {
  const auto targets = fusions_over(run, task.outputs.front());
  if (targets.empty()) return;
  std::vector<std::string> words;
  for (const auto& target : targets) words.insert(words.end(), {"--target", target});
  words.emplace_back("--overwrite");
  console.warn("the adapter of '" + task.task->name + "' is part of the fusion for " + joined(targets) +
               ", which does not fit it any more once it has changed; then train the fusion again: " +
               command_text(run, "fuse", words));
}

// What `export` asks for by now and a finished training did not write, or what is gone of it.
void write_missing_exports(const Run& run, Workspace& workspace, const StageTask& task, Console& console) {
  std::optional<TrainedTask> trained;
  for (auto output = task.outputs.begin() + 1; output != task.outputs.end(); ++output) {
    if (std::filesystem::exists(*output)) continue;
    if (!trained)
      trained = load_trained_task(task.outputs.front(), workspace.backbone(), workspace.identity(),
                                  run.device, run.flags.allow_backbone_mismatch);
    console.say("wrote " + joined(export_adapterhub(*trained, workspace.backbone(), *output), "\nwrote "));
  }
}

}  // namespace

void TasksInTurn::start(const Plan& plan) {
  const StageTask& task = *plan.task;
  const auto& data = workspace_.data(*task.task);
  const int64_t examples = data.train.rows->size(), steps = total_steps(*task.options, examples);
  auto& started =
      started_.emplace_back(Started{&plan, training_job(run_, workspace_, plan), steps, {}, {}, {}});
  auto& job = started.job;
  console_.detail(files_text(*task.task, data, *task.options));
  console_.say("\n" + data_text(*task.task, data));
  started.finished = finished_result(run_, task, job.identity, steps);
  if (started.finished) {
    console_.say(task.task->name + " is finished: " + task.outputs.front().string());
    write_missing_exports(run_, workspace_, task, console_);
    return;
  }
  warn_of_stale_fusions(run_, task, console_);
  started.parts = stage_.prepare(*task.task);
  const auto& parts = started.parts;
  // Each step trains something in some layer.
  if (parts.largest_drop)
    job.largest_drop = std::min(*parts.largest_drop, std::max<int64_t>(parts.attachment->highest_layer(), 0));
  job.states = [this, &plan, &data, attachment = parts.attachment] {
    return training_states(run_, workspace_, data, plan.states, *attachment, console_);
  };
  started.model = std::make_unique<TaskModel>(workspace_.backbone(), parts.attachment, parts.head);
  started.model->detach();
  console_.say("\n" + parameter_table(parts.parts) + "\n" + schedule_text(*task.options, examples) + "\n" +
               (plan.states.text.empty() ? "" : plan.states.text + "\n") + "writing to " +
               task.folder.string());
}

bool TasksInTurn::run() {
  TrainingObserver observer;
  observer.step = [&](const TrainProgress& progress) { console_.show(progress); };
  observer.evaluated = [&](const EvalProgress& progress) { console_.show(progress); };
  observer.message = [&](const std::string& text) { console_.say(text); };
  std::vector<Training> trainings;
  for (const auto& started : started_)
    if (started.model) trainings.push_back({started.model.get(), &started.job, &observer});
  if (!trainings.empty()) console_.begin_progress(trainings.front().job->options.logging_steps);
  const auto outcomes = run_in_turn(trainings);
  console_.end_progress();
  bool is_stopped = false;
  auto outcome = outcomes.begin();
  for (const auto& started : started_) {
    if (started.finished) {
      results_.push_back(*started.finished);
    } else if (const auto result = finish(started, *outcome++)) {
      results_.push_back(*result);
    } else {
      is_stopped = true;
    }
  }
  return !is_stopped;
}

std::optional<TrainResult> TasksInTurn::finish(const Started& started, const TrainingOutcome& outcome) {
  const StageTask& task = *started.plan->task;
  const auto& name = task.task->name;
  if (!outcome.ended.empty()) console_.say(outcome.ended);
  if (run_.flags.profile) console_.say(name + "  " + outcome.profile.text());
  if (outcome.stopped_by) {
    console_.say(name + " stopped by " + *outcome.stopped_by + ": " + outcome.checkpoint.string() +
                 " is written. To continue: " + run_.flags.resume_command + "  (exit 75)");
    return std::nullopt;
  }
  const auto bytes = started.parts.write(description_of(workspace_, *task.task, outcome));
  const TrainResult result{name,
                           outcome.metric,
                           outcome.score,
                           is_share(outcome.metric),
                           outcome.step,
                           outcome.epoch,
                           task.outputs.front().string(),
                           bytes,
                           outcome.seconds};
  const auto lock = lock_shared_files(run_.folder);  // other tasks may end in other processes at this moment
  write_finished(task.folder, {result, started.steps, !outcome.ended.empty(),
                               task.options->early_stopping_patience, started.job.identity});
  write_train_results(stage_.results, known_results(stage_));
  return result;
}

}  // namespace adaptune
