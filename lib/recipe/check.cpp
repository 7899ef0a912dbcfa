#include "recipe/check.h"

#include <torch/torch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "data/batcher.h"
#include "data/collate.h"
#include "interop/adapterhub_config.h"
#include "interop/adapterhub_head_config.h"
#include "model/task_adapter.h"
#include "recipe/start_up.h"
#include "train/schedule.h"
#include "train/trainer.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

void check_first_batch(const TaskSplit& split, const TaskConfig& task, int32_t pad_id) {
  const auto batches = evaluation_batches(split.rows->lengths(), task.train.per_device_train_batch_size);
  collate(*split.rows, batches.front(), pad_id, torch::kCPU);
}

void check_task(Workspace& workspace, const TaskConfig& task, bool exported) try {
  const auto& data = workspace.data(task);
  if (exported) {  // what the other library cannot express, before training it
    adapterhub_config(task.adapter, workspace.info());
    adapterhub_head_config(data.head);
  }
  const TaskAdapter adapter(task.adapter, workspace.described());
  check_first_batch(data.train, task, workspace.pad_id());
  if (data.validation) check_first_batch(*data.validation, task, workspace.pad_id());
} catch (const ValueError& error) {
  throw placed(task, error);
}

// Checkpoints a training leaves at most, beside the best one.
int64_t kept_checkpoints(const TrainOptions& options, int64_t examples) {
  if (options.save_total_limit) return *options.save_total_limit;
  const int64_t steps = total_steps(options, examples);
  return (options.save_steps ? steps / *options.save_steps : 0) + options.num_train_epochs;
}

// A task as `check` shows it.
struct CheckedTask {
  const TaskConfig& task;
  const TaskData& data;
  std::vector<PartCount> parts;
};

ordered_json as_json(const CheckedTask& checked) {
  const auto& data = checked.data;
  ordered_json examples = {{"train", data.train.rows->size()}};
  if (data.validation) examples["validation"] = data.validation->rows->size();
  ordered_json parts = ordered_json::array();
  for (const auto& part : checked.parts) {
    parts.push_back({{"part", part.part},
                     {"where", part.where},
                     {"parameters", part.parameters},
                     {"trainable", part.trainable}});
  }
  const auto& options = checked.task.train;
  const int64_t steps = total_steps(options, data.train.rows->size());
  return {{"task", checked.task.name},  {"examples", examples},
          {"labels", data.head.labels}, {"parts", parts},
          {"total_steps", steps},       {"warmup_steps", warmup_steps(options, steps)}};
}

CheckedTask checked_task(Workspace& workspace, const TaskConfig& task) {
  const auto& data = workspace.data(task);
  const TaskAdapter adapter(task.adapter, workspace.described());
  const auto head = make_head(data.head, workspace.info());
  return {task, data, part_counts(task, workspace.described(), adapter, *head)};
}

}  // namespace

void check_tasks(Workspace& workspace, const std::vector<const TaskConfig*>& tasks, bool exported) {
  std::vector<std::string> problems;  // each once: tasks share the values of the run
  std::optional<ExitCode> code;
  for (const auto* task : tasks) {
    try {
      check_task(workspace, *task, exported);
    } catch (const Error& error) {
      const std::string problem = error.what();
      if (std::find(problems.begin(), problems.end(), problem) == problems.end()) problems.push_back(problem);
      if (!code) code = error.code();
    }
  }
  if (!code) return;
  std::string text = problems.front();
  for (size_t i = 1; i < problems.size(); ++i) text += "\n" + error_text(problems[i]);
  throw Error(*code, text);
}

uint64_t needed_disk_bytes(Workspace& workspace, const std::vector<const TaskConfig*>& tasks) {
  int64_t bytes = 16 << 20;  // logs, tables, configuration
  for (const auto* task : tasks) {
    const TaskAdapter adapter(task->adapter, workspace.described());
    const auto head = make_head(workspace.data(*task).head, workspace.info());
    const int64_t owned = (parameter_count(adapter) + overridden_count(task->adapter, workspace.described()) +
                           parameter_count(*head)) *
                          4;
    const int64_t examples = workspace.data(*task).train.rows->size();
    const int64_t checkpoints =
        kept_checkpoints(task->train, examples) + 2;  // the best, the one being written
    bytes += owned * 3 * checkpoints + owned * 2;
  }
  return static_cast<uint64_t>(bytes);
}

int report_check(const Run& run, Workspace& workspace, const std::vector<const TaskConfig*>& tasks,
                 Console& console) {
  console.say(header_text(run, workspace));
  ordered_json results = ordered_json::array();
  for (const auto* task : tasks) {
    const auto checked = checked_task(workspace, *task);
    console.detail(files_text(*task, checked.data));
    console.say("\n" + data_text(*task, checked.data) + "\n");
    if (!console.json()) console.result(parameter_table(checked.parts));
    console.say("\n" + schedule_text(task->train, checked.data.train.rows->size()));
    results.push_back(as_json(checked));
  }
  if (console.json()) console.result(ordered_json{{"tasks", results}}.dump(2) + "\n");
  console.say("\nall checks passed; nothing was trained");
  return 0;
}

int check(const RunFlags& flags, Console& console) {
  const Run run = open_run(flags);
  Workspace workspace(run);
  const auto tasks = run.selected_tasks();
  check_tasks(workspace, tasks, !run.config.export_formats.empty());
  return report_check(run, workspace, tasks, console);
}

}  // namespace adaptune
