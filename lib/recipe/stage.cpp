#include "recipe/stage.h"

#include <algorithm>

#include "core/error.h"
#include "core/folder_lock.h"
#include "recipe/activations.h"
#include "recipe/check.h"
#include "recipe/failure.h"
#include "recipe/finished.h"
#include "recipe/status_file.h"
#include "report/results.h"
#include "train/checkpoint.h"

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
  job.profile = run.flags.profile;
  return job;
}

TrainingOutcome train_with_progress(TaskModel& model, const TrainingJob& job, Console& console) {
  TrainingObserver observer;
  observer.step = [&](const TrainProgress& progress) { console.show(progress); };
  observer.evaluated = [&](const EvalProgress& progress) { console.show(progress); };
  observer.message = [&](const std::string& text) { console.say(text); };
  console.begin_progress(job.options.logging_steps);
  const auto outcome = run_training(model, job, observer);
  console.end_progress();
  if (!outcome.ended.empty()) console.say(outcome.ended);
  return outcome;
}

TaskDescription description_of(Workspace& workspace, const TaskConfig& task, const TrainingOutcome& outcome) {
  TaskDescription d = workspace.describe(task);
  if (outcome.score) d.scores[outcome.metric] = *outcome.score;
  d.step = outcome.step;
  return d;
}

// What an earlier start of the same command finished; UsageError where it was another training.
std::optional<TrainResult> finished_result(const StageTask& task, const TrainingJob& job, int64_t steps) {
  const auto finished = read_finished(task.folder);
  const auto missing = [](const std::filesystem::path& folder) { return !std::filesystem::exists(folder); };
  if (!finished || missing(task.outputs.front())) return std::nullopt;
  const auto difference = identity_difference(finished->identity, job.identity);
  if (!difference.empty()) {
    throw UsageError(std::filesystem::absolute(task.folder).string() + " was trained on something else:" +
                     difference + "\nchoose another output_dir, or --overwrite to train it anew");
  }
  const bool waits_longer =
      finished->stopped_early && finished->patience != job.options.early_stopping_patience;
  const bool unexported = std::any_of(task.outputs.begin(), task.outputs.end(), missing);
  if (finished->total_steps != steps || waits_longer || unexported) return std::nullopt;
  return finished->result;
}

std::vector<TrainResult> known_results(const Stage& stage) {
  std::vector<TrainResult> results;
  for (const auto& task : stage.known) {
    if (const auto finished = read_finished(task.folder)) results.push_back(finished->result);
  }
  return results;
}

// The result of one training; empty when a signal stopped it.
std::optional<TrainResult> train_one(const Run& run, Workspace& workspace, const Stage& stage,
                                     const Plan& plan, Console& console) {
  const StageTask& task = *plan.task;
  const auto& data = workspace.data(*task.task);
  const int64_t examples = data.train.rows->size(), steps = total_steps(*task.options, examples);
  auto job = training_job(run, workspace, plan);
  console.detail(files_text(*task.task, data, *task.options));
  console.say("\n" + data_text(*task.task, data));
  if (const auto finished = finished_result(task, job, steps)) {
    console.say(task.task->name + " is finished: " + task.outputs.front().string());
    return finished;
  }
  const auto parts = stage.prepare(*task.task);
  // Each step trains something in some layer.
  if (parts.largest_drop)
    job.largest_drop = std::min(*parts.largest_drop, std::max<int64_t>(parts.attachment->highest_layer(), 0));
  workspace.backbone().set_bfloat16(task.options->bf16);
  job.states = [&] {
    return training_states(run, workspace, data, plan.states, task.options->bf16, console);
  };
  TaskModel model(workspace.backbone(), parts.attachment, parts.head);
  console.say("\n" + parameter_table(parts.parts) + "\n" + schedule_text(*task.options, examples) + "\n" +
              (plan.states.text.empty() ? "" : plan.states.text + "\n") + "writing to " +
              task.folder.string());
  const auto outcome = train_with_progress(model, job, console);
  if (run.flags.profile) console.say(outcome.profile.text());
  if (outcome.stopped_by) {
    console.say("stopped by " + *outcome.stopped_by + ": " + outcome.checkpoint.string() +
                " is written. To continue: " + run.flags.resume_command + "  (exit 75)");
    return std::nullopt;
  }
  const auto bytes = parts.write(description_of(workspace, *task.task, outcome));
  const TrainResult result{task.task->name,
                           outcome.metric,
                           outcome.score,
                           is_share(outcome.metric),
                           outcome.step,
                           outcome.epoch,
                           task.outputs.front().string(),
                           bytes,
                           outcome.seconds};
  const FolderLock lock(run.folder);  // other tasks of the run may end in other processes at this moment
  write_finished(task.folder, {result, steps, !outcome.ended.empty(), task.options->early_stopping_patience,
                               job.identity});
  write_train_results(stage.results, known_results(stage));
  return result;
}

int train_all(const Run& run, Workspace& workspace, const Stage& stage, const std::vector<Plan>& plans,
              StatusFile& status, Console& console) {
  std::vector<TrainResult> results;
  for (const auto& plan : plans) {
    const auto& name = plan.task->task->name;
    status.running(name);
    const auto result = train_one(run, workspace, stage, plan, console);
    if (!result) {
      status.finish("stopped", static_cast<int>(ExitCode::kStopped));
      return static_cast<int>(ExitCode::kStopped);
    }
    status.done(name, *result);
    results.push_back(*result);
  }
  console.say("");
  console.result(console.json() ? train_json(results) : train_table(results).text());
  status.finish("done", 0);
  return 0;
}

// The checkpoint that --resume names belongs to one training: no other may run before it turns out unusable.
void check_resume(const Run& run, Workspace& workspace, const std::vector<Plan>& plans) {
  const std::string& resume = run.flags.resume;
  if (resume == "auto" || resume == "never") return;
  if (plans.size() != 1) {
    throw UsageError("--resume " + resume + " is for one task, and this command trains " +
                     std::to_string(plans.size()) + "; choose one with --task");
  }
  const auto& plan = plans.front();
  if (!is_checkpoint(resume)) {
    throw UsageError("--resume '" + resume + "' is no checkpoint; write auto, never, or a folder such as " +
                     (plan.task->folder / "checkpoints" / "step-500").string());
  }
  if (run.flags.overwrite)
    throw UsageError("--resume " + resume +
                     " goes on with a training that --overwrite removes; leave one out");
  const auto& data = workspace.data(*plan.task->task);
  check_identity(read_checkpoint_state(resume), workspace.job_identity(plan.settings, data),
                 std::filesystem::absolute(resume).string());
}

std::vector<Plan> checked_plans(const Run& run, Workspace& workspace, const Stage& stage) {
  std::vector<const TaskConfig*> tasks;
  for (const auto& task : stage.tasks) tasks.push_back(task.task);
  check_tasks(workspace, tasks, stage.checks);
  std::vector<Plan> plans;
  for (const auto& task : stage.tasks) {
    auto model = stage.prepare(*task.task);
    auto states = plan_states(run, workspace, workspace.data(*task.task), *model.attachment);
    plans.push_back({&task, std::move(model.parts), std::move(model.settings), std::move(states)});
  }
  return plans;
}

void check_room(const Run& run, const std::vector<Plan>& plans) {
  std::vector<StatesPlan> states;
  for (const auto& plan : plans) states.push_back(plan.states);
  check_cache_room(run, states);
}

void claim(const Run& run, const std::vector<Plan>& plans) {
  std::vector<FolderSettings> claims;
  for (const auto& plan : plans) claims.push_back({plan.task->folder, plan.settings});
  claim_folders(run, claims);
}

StatusFile open_status(const Run& run, const Stage& stage) {
  StatusFile status(run, stage.name);
  for (const auto& task : stage.known) {
    const auto finished = read_finished(task.folder);
    finished ? status.done(task.task->name, finished->result) : status.waiting(task.task->name);
  }
  return status;
}

}  // namespace

int run_stage(const Run& run, Workspace& workspace, const Stage& stage, Console& console) {
  const auto plans = checked_plans(run, workspace, stage);
  check_resume(run, workspace, plans);
  if (run.flags.dry_run) return report_plans(run, workspace, plans, console);
  prepare_run_folder(run, needed_disk_bytes(workspace, plans));
  check_room(run, plans);
  claim(run, plans);
  write_run_config(run);
  console.open_log(run.folder / "log.txt");
  auto status = open_status(run, stage);
  console.say(header_text(run, workspace));
  try {
    return train_all(run, workspace, stage, plans, status, console);
  } catch (...) {
    const auto failure = current_failure(/*verbose=*/false);
    status.fail(static_cast<int>(failure.code));
    console.log(failure.text);
    throw;
  }
}

}  // namespace adaptune
