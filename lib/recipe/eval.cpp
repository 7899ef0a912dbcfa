#include "recipe/eval.h"

#include "core/error.h"
#include "metric/bootstrap.h"
#include "recipe/fused_task.h"
#include "recipe/majority.h"
#include "recipe/start_up.h"
#include "report/results.h"
#include "train/evaluation.h"

namespace adaptune {
namespace {

Evaluation evaluate_on(const Run& run, Workspace& workspace, const TaskConfig& task, TaskModel& model,
                       const EncodedSplit& rows) {
  return evaluate(model, rows, task.metrics,
                  {task.train.per_device_eval_batch_size, workspace.pad_id(), run.device});
}

// A head that was trained on other labels would be scored against the wrong names.
void check_labels(const TaskConfig& task, const HeadSpec& trained, const HeadSpec& now) {
  if (trained.type == now.type && trained.labels == now.labels) return;
  throw InputError("task '" + task.name +
                   "': its adapter was trained on other labels than data.train has now; "
                   "fix the order with 'labels', or train it again");
}

// The single adapter's score; its predictions, empty where the task is not trained.
std::optional<Predictions> add_adapter(const Run& run, Workspace& workspace, const TaskConfig& task,
                                       const TaskSplit& split, SuiteResult& result) {
  const auto folder = run.task_folder(task.name) / "adapter";
  if (!is_task_directory(folder)) return std::nullopt;
  auto loaded = load_task_directory(folder, workspace.backbone(), run.device);
  if (!run.flags.allow_backbone_mismatch) {
    check_same_backbone("adapter " + folder.string(), loaded.description.backbone, workspace.identity());
  }
  check_labels(task, loaded.description.head, workspace.data(task).head);
  TaskModel model(workspace.backbone(), loaded.adapter, loaded.head);
  auto evaluation = evaluate_on(run, workspace, task, model, *split.rows);
  result.adapter_scores = evaluation.scores;
  result.adapter = result.adapter_scores.front().second;
  return std::move(evaluation.predictions);
}

std::optional<Predictions> add_fusion(const Run& run, Workspace& workspace, const TaskConfig& task,
                                      const TaskSplit& split, SuiteResult& result) {
  const auto folder = run.fusion_folder(task.name) / "fusion";
  if (!is_fusion_directory(folder)) return std::nullopt;
  const auto fused = load_fusion(folder, workspace.backbone(), workspace.identity(), run.device,
                                 run.flags.allow_backbone_mismatch);
  check_labels(task, fused.description.target.head, workspace.data(task).head);
  TaskModel model(workspace.backbone(), fused.fusion, fused.head);
  record_attention(fused, true);
  auto evaluation = evaluate_on(run, workspace, task, model, *split.rows);
  result.fusion_scores = evaluation.scores;
  result.fusion = result.fusion_scores.front().second;
  result.attention = attention_of(fused);
  return std::move(evaluation.predictions);
}

std::optional<SuiteResult> eval_task(const Run& run, Workspace& workspace, const TaskConfig& task,
                                     const std::string& split, Console& console) {
  const auto& files = split == "test" ? task.data.test : task.data.validation;
  if (files.empty())
    throw placed(task, ValueError("data." + split, "task '" + task.name + "' has nothing to evaluate on"));
  const auto& data = workspace.data(task);
  const auto rows = workspace.read_split(task, files, task.data.max_eval_samples, data.head.labels);
  console.say(task.name + "  " + split_text(task, split, rows));
  SuiteResult result;
  result.task = task.name;
  result.metric = task.metrics.front();
  result.examples = rows.rows->size();
  result.majority = majority_score(data, rows, result.metric);
  const auto adapter = add_adapter(run, workspace, task, rows, result);
  const auto fusion = add_fusion(run, workspace, task, rows, result);
  if (adapter && fusion) {
    const auto difference = bootstrap_difference(metric_by_name(result.metric), *adapter, *fusion);
    if (difference) result.interval = {difference->low, difference->high};
  }
  if (result.adapter_scores.empty() && result.fusion_scores.empty()) return std::nullopt;
  return result;
}

}  // namespace

int eval(const RunFlags& flags, const std::string& split, Console& console) {
  const Run run = open_run(flags);
  Workspace workspace(run);
  std::vector<SuiteResult> results;
  for (const auto* task : run.selected_tasks()) {
    if (auto result = eval_task(run, workspace, *task, split, console)) {
      results.push_back(std::move(*result));
    } else {
      console.warn("task '" + task->name + "' is not trained yet; left out");
    }
  }
  if (results.empty()) {
    throw InputError(std::filesystem::absolute(run.folder).string() +
                     ": no task of this configuration is trained there; run 'adaptune train' first");
  }
  write_suite_results(run.folder, split, results);
  if (console.json()) {
    console.result(suite_json(split, results));
    return 0;
  }
  console.result(suite_table(results).text());
  for (const auto& result : results) {
    if (!result.attention) continue;
    console.result("\nmean attention of the fusion for " + result.task + ", by layer\n" +
                   attention_table(*result.attention).text());
  }
  return 0;
}

}  // namespace adaptune
