#include "recipe/stage.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "recipe/check.h"
#include "recipe/failure.h"
#include "recipe/finished.h"
#include "recipe/status_file.h"
#include "recipe/tasks_in_turn.h"
#include "report/results.h"
#include "train/checkpoint.h"

namespace adaptune {
namespace {

int train_all(const Run& run, Workspace& workspace, const Stage& stage, const std::vector<Plan>& plans,
              StatusFile& status, Console& console) {
  std::vector<TrainResult> results;
  const size_t at_once = run.config.task_order == "round_robin" ? plans.size() : 1;
  for (auto plan = plans.begin(); plan != plans.end(); plan += static_cast<int64_t>(at_once)) {
    TasksInTurn tasks(run, workspace, stage, console);
    for (size_t i = 0; i < at_once; ++i) {
      status.running(plan[i].task->task->name);
      tasks.start(plan[i]);
    }
    const bool is_stopped = !tasks.run();
    for (const auto& result : tasks.results()) {
      status.done(result.task, result);
      results.push_back(result);
    }
    if (is_stopped) {
      status.finish("stopped", static_cast<int>(ExitCode::kStopped));
      return static_cast<int>(ExitCode::kStopped);
    }
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
    auto states =
        plan_states(run, workspace, workspace.data(*task.task), *model.attachment, task.options->bf16);
    plans.push_back({&task, std::move(model.parts), std::move(model.settings), std::move(states)});
  }
  return plans;
}

// Those that are not finished. UsageError where one is, and would be replaced by anything but its
// continuation.
std::vector<const Plan*> unfinished(const Run& run, Workspace& workspace, const std::vector<Plan>& plans) {
  std::vector<const Plan*> left;
  for (const auto& plan : plans) {
    const auto& data = workspace.data(*plan.task->task);
    const auto finished = finished_result(run, *plan.task, workspace.job_identity(plan.settings, data),
                                          total_steps(*plan.task->options, data.train.rows->size()));
    if (!finished) left.push_back(&plan);
  }
  return left;
}

// What is kept of those that will be trained must fit.
void check_states(const Run& run, Workspace& workspace, const std::vector<Plan>& plans,
                  uint64_t other_bytes) {
  std::vector<const StatesPlan*> states;
  if (run.flags.overwrite) {
    for (const auto& plan : plans) states.push_back(&plan.states);
  } else {
    for (const auto* plan : unfinished(run, workspace, plans)) states.push_back(&plan->states);
  }
  check_cache_room(run, states, other_bytes);
}

std::vector<FolderSettings> settings_of(const std::vector<Plan>& plans) {
  std::vector<FolderSettings> settings;
  for (const auto& plan : plans) settings.push_back({plan.task->folder, plan.settings});
  return settings;
}

std::vector<FolderLock> claim(const Run& run, const std::vector<Plan>& plans, Console& console) {
  auto locks = claim_folders(run, settings_of(plans), console);
  if (std::any_of(locks.begin(), locks.end(), [](const FolderLock& lock) { return !lock.held(); })) {
    console.warn(std::filesystem::absolute(run.folder).string() +
                 ": this file system has no locks; start no second command for the same task meanwhile");
  }
  return locks;
}

StatusFile open_status(const Run& run, const Stage& stage) {
  std::set<std::string> own;
  for (const auto& task : stage.tasks) own.insert(task.task->name);
  std::vector<std::pair<std::string, TaskStatus>> known;
  for (const auto& task : stage.known) {
    const auto finished = read_finished(task);
    known.emplace_back(task.task->name,
                       finished ? done_status(finished->result) : TaskStatus{"waiting", {}, {}, {}});
  }
  return {run, stage.name, stage.results, std::move(own), std::move(known)};
}

}  // namespace

int run_stage(const Run& run, Workspace& workspace, const Stage& stage, Console& console) {
  const auto plans = checked_plans(run, workspace, stage);
  check_resume(run, workspace, plans);
  const uint64_t needed = needed_disk_bytes(workspace, plans);
  if (!run.flags.overwrite) check_settings(run, settings_of(plans));
  if (run.flags.dry_run) {
    check_states(run, workspace, plans, needed);
    return report_plans(run, workspace, plans, console);
  }
  prepare_run_folder(run, needed);
  check_states(run, workspace, plans, needed);
  const auto locks = claim(run, plans, console);
  unfinished(run, workspace, plans);  // refused before the run's configuration is replaced
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
