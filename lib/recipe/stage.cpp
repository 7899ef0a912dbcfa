#include "recipe/stage.h"

#include "core/error.h"
#include "recipe/check.h"
#include "recipe/finished.h"
#include "recipe/status_file.h"
#include "report/results.h"

namespace adaptune {
namespace {

bool is_share(const std::string& metric) { return metric != "loss"; }

TrainingJob training_job(const Run& run, Workspace& workspace, const StageTask& task) {
  const auto& data = workspace.data(*task.task);
  TrainingJob job;
  job.task = task.task->name;
  job.train = data.train.rows.get();
  job.validation = data.validation ? data.validation->rows.get() : nullptr;
  job.metrics = task.task->metrics;
  job.options = *task.options;
  job.backbone_dropout = backbone_dropout(*task.task);
  job.pad_id = workspace.pad_id();
  job.device = run.device;
  job.folder = task.folder;
  job.resume = run.flags.resume != "never";
  if (job.resume && run.flags.resume != "auto") job.resume_from = run.flags.resume;
  job.identity = workspace.job_identity(task.settings, data);
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
  if (outcome.best_score) d.scores[outcome.metric] = *outcome.best_score;
  d.step = outcome.best_step;
  return d;
}

// The result of one training; empty when a signal stopped it.
std::optional<TrainResult> train_one(const Run& run, Workspace& workspace, const Stage& stage,
                                     const StageTask& task, Console& console) {
  const auto& data = workspace.data(*task.task);
  const int64_t examples = data.train.rows->size(), steps = total_steps(*task.options, examples);
  console.say("\n" + data_text(*task.task, data));
  const auto finished = read_finished(task.folder);
  if (finished && finished->total_steps == steps && std::filesystem::exists(task.output)) {
    console.say(task.task->name + " is finished: " + task.output.string());
    return finished->result;
  }
  const auto parts = stage.prepare(*task.task);
  TaskModel model(workspace.backbone(), parts.attachment, parts.head);
  console.say("\n" + parameter_table(parts.parts) + "\n" + schedule_text(*task.options, examples) +
              "\nwriting to " + task.folder.string());
  const auto outcome = train_with_progress(model, training_job(run, workspace, task), console);
  if (outcome.stopped_by) {
    console.say("stopped by " + *outcome.stopped_by + ": " + outcome.checkpoint.string() +
                " is written. Run the same command to continue: " + run.flags.command_line + "  (exit 75)");
    return std::nullopt;
  }
  const auto bytes = parts.write(description_of(workspace, *task.task, outcome));
  const TrainResult result{
      task.task->name,   outcome.metric,     outcome.best_score,   is_share(outcome.metric),
      outcome.best_step, outcome.best_epoch, task.output.string(), bytes,
      outcome.seconds};
  write_finished(task.folder, {result, steps});
  return result;
}

void claim(const Run& run, const Stage& stage) {
  std::vector<FolderSettings> claims;
  for (const auto& task : stage.tasks) claims.push_back({task.folder, task.settings});
  claim_folders(run, claims);
}

int train_all(const Run& run, Workspace& workspace, const Stage& stage, StatusFile& status,
              Console& console) {
  std::vector<TrainResult> results;
  for (const auto& task : stage.tasks) {
    status.running(task.task->name);
    const auto result = train_one(run, workspace, stage, task, console);
    if (!result) {
      status.finish("stopped", static_cast<int>(ExitCode::kStopped));
      return static_cast<int>(ExitCode::kStopped);
    }
    status.done(task.task->name, *result);
    results.push_back(*result);
  }
  write_train_results(stage.results, results);
  console.say("");
  console.result(console.json() ? train_json(results) : train_table(results).text());
  status.finish("done", 0);
  return 0;
}

}  // namespace

int run_stage(const Run& run, Workspace& workspace, const Stage& stage, Console& console) {
  std::vector<const TaskConfig*> tasks;
  std::vector<std::string> names;
  for (const auto& task : stage.tasks) {
    tasks.push_back(task.task);
    names.push_back(task.task->name);
  }
  check_tasks(workspace, tasks, stage.name == "train" && !run.config.export_formats.empty());
  if (run.flags.dry_run) return report_check(run, workspace, tasks, console);
  prepare_run_folder(run, needed_disk_bytes(workspace, tasks));
  claim(run, stage);
  console.open_log(run.folder / "log.txt");
  StatusFile status(run, stage.name, names);
  console.say(header_text(run, workspace));
  try {
    return train_all(run, workspace, stage, status, console);
  } catch (const Error& error) {
    status.fail(static_cast<int>(error.code()));
    throw;
  }
}

}  // namespace adaptune
