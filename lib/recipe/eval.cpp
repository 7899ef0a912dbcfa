#include "recipe/eval.h"

#include "core/error.h"
#include "metric/bootstrap.h"
#include "recipe/eval_parts.h"
#include "recipe/majority.h"
#include "recipe/start_up.h"
#include "report/results.h"

namespace adaptune {
namespace {

// The single adapter's score; its predictions, empty where the task is not trained.
std::optional<Predictions> add_adapter(const Run& run, Workspace& workspace, const TaskConfig& task,
                                       const TaskSplit& split, SuiteResult& result) {
  const auto loaded = load_trained_adapter(run, workspace, task);
  if (!loaded) return std::nullopt;
  TaskModel model(workspace.backbone(), loaded->adapter, loaded->head);
  auto evaluation = evaluate_on(run, workspace, task, model, *split.rows);
  result.adapter_scores = evaluation.scores;
  result.adapter = result.adapter_scores.front().second;
  return std::move(evaluation.predictions);
}

std::optional<Predictions> add_fusion(const Run& run, Workspace& workspace, const TaskConfig& task,
                                      const TaskSplit& split, SuiteResult& result) {
  const auto fused = load_trained_fusion(run, workspace, task);
  if (!fused) return std::nullopt;
  TaskModel model(workspace.backbone(), fused->fusion, fused->head);
  record_attention(*fused, true);
  auto evaluation = evaluate_on(run, workspace, task, model, *split.rows);
  result.fusion_scores = evaluation.scores;
  result.fusion = result.fusion_scores.front().second;
  result.attention = attention_of(*fused);
  return std::move(evaluation.predictions);
}

std::optional<SuiteResult> eval_task(const Run& run, Workspace& workspace, const TaskConfig& task,
                                     const std::string& split, Console& console) {
  const auto rows = scored_split(workspace, task, split);
  console.say(task.name + "  " + split_text(task, split, rows));
  SuiteResult result;
  result.task = task.name;
  result.metric = task.metrics.front();
  result.examples = rows.rows->size();
  result.majority = majority_score(workspace.data(task), rows, result.metric);
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
