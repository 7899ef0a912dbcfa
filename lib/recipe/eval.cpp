#include "recipe/eval.h"

#include "core/error.h"
#include "metric/bootstrap.h"
#include "recipe/eval_parts.h"
#include "recipe/majority.h"
#include "recipe/start_up.h"
#include "report/results.h"

namespace adaptune {
namespace {

// Something trained for a task, and its evaluation once it has one.
struct Contestant {
  const TrainOptions* options;
  std::shared_ptr<Attachment> attachment;
  std::shared_ptr<Head> head;
  Evaluation evaluation;
};

struct Candidate {
  const TaskConfig* task;
  TaskSplit split;
  std::optional<FusedTask> fused;
  std::optional<Contestant> adapter, fusion;
};

Candidate candidate(const Run& run, Workspace& workspace, const TaskConfig& task, const std::string& split,
                    Console& console) {
  Candidate own{
      &task, scored_split(workspace, task, split), load_trained_fusion(run, workspace, task), {}, {}};
  console.say(task.name + "  " + split_text(task, split, own.split));
  if (const auto loaded = load_trained_adapter(run, workspace, task))
    own.adapter = Contestant{&task.train, loaded->adapter, loaded->head, {}};
  if (own.fused) {
    record_attention(*own.fused, true);
    own.fusion = Contestant{&run.config.fusion.train, own.fused->fusion, own.fused->head, {}};
  }
  return own;
}

// Adapters with adapters and fusions with fusions: what a pass computes for one task does not depend on
// whether another part of it is trained.
void evaluate_part(const Run& run, Workspace& workspace, std::vector<Candidate>& candidates,
                   std::optional<Contestant> Candidate::*part) {
  std::vector<Scoring> scorings;
  std::vector<Contestant*> contestants;
  for (auto& own : candidates) {
    auto& contestant = own.*part;
    if (!contestant) continue;
    scorings.push_back(
        {own.task, contestant->options, own.split.rows.get(), contestant->attachment, contestant->head});
    contestants.push_back(&*contestant);
  }
  auto evaluations = evaluate_all(run, workspace, scorings);
  for (size_t i = 0; i < contestants.size(); ++i) contestants[i]->evaluation = std::move(evaluations[i]);
}

SuiteResult result_of(Workspace& workspace, const Candidate& own) {
  SuiteResult result;
  result.task = own.task->name;
  result.metric = own.task->metrics.front();
  result.examples = own.split.rows->size();
  result.majority = majority_score(workspace.data(*own.task), own.split, result.metric);
  if (own.adapter) {
    result.adapter_scores = own.adapter->evaluation.scores;
    result.adapter = result.adapter_scores.front().second;
  }
  if (own.fusion) {
    result.fusion_scores = own.fusion->evaluation.scores;
    result.fusion = result.fusion_scores.front().second;
    result.attention = attention_of(*own.fused);
  }
  if (own.adapter && own.fusion) {
    const auto difference =
        bootstrap_difference(metric_by_name(result.metric), own.adapter->evaluation.predictions,
                             own.fusion->evaluation.predictions);
    if (difference) result.interval = {difference->low, difference->high};
  }
  return result;
}

}  // namespace

int eval(const RunFlags& flags, const std::string& split, Console& console) {
  const Run run = open_run(flags);
  Workspace workspace(run);
  console.say(header_text(run, workspace));
  std::vector<Candidate> candidates;
  for (const auto* task : run.selected_tasks()) {
    auto own = candidate(run, workspace, *task, split, console);
    if (own.adapter || own.fusion) {
      candidates.push_back(std::move(own));
    } else {
      console.warn("task '" + task->name + "' is not trained yet; left out");
    }
  }
  if (candidates.empty()) {
    throw InputError(std::filesystem::absolute(run.folder).string() +
                     ": no task of this configuration is trained there; run 'adaptune train' first");
  }
  evaluate_part(run, workspace, candidates, &Candidate::adapter);
  evaluate_part(run, workspace, candidates, &Candidate::fusion);
  std::vector<SuiteResult> results;
  for (const auto& own : candidates) results.push_back(result_of(workspace, own));
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
