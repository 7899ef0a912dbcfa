#include "recipe/eval.h"

#include "core/error.h"
#include "metric/bootstrap.h"
#include "recipe/decathlon_run.h"
#include "recipe/eval_parts.h"
#include "recipe/majority.h"
#include "recipe/mistakes.h"
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
    result.parameters = parameter_count(*own.adapter->attachment);
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

// Those of the adapter; of the fusion where the task has only that.
void show_mistakes(const Run& run, Workspace& workspace, const Candidate& own, int64_t count,
                   Console& console) {
  const auto& evaluation = own.adapter ? own.adapter->evaluation : own.fusion->evaluation;
  const auto folder = run.task_folder(own.task->name);
  const int64_t shown = write_mistakes(folder, *own.split.rows->images, evaluation.predictions,
                                       workspace.data(*own.task).head.labels, count);
  console.say(own.task->name + "  " +
              (shown > 0
                   ? "the worst " + std::to_string(shown) + " mistakes: " + (folder / "mistakes.png").string()
                   : "no mistakes"));
}

std::vector<Candidate> trained_candidates(const Run& run, Workspace& workspace, const std::string& split,
                                          Console& console) {
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
  return candidates;
}

}  // namespace

int eval(const RunFlags& flags, const EvalFlags& eval_flags, Console& console) {
  const Run run = open_run(flags);
  Workspace workspace(run);
  console.say(header_text(run, workspace));
  if (eval_flags.mistakes > 0 && !workspace.reads_images())
    throw UsageError("--mistakes shows images, and the backbone reads texts; leave it out");
  auto candidates = trained_candidates(run, workspace, eval_flags.split, console);
  evaluate_part(run, workspace, candidates, &Candidate::adapter);
  evaluate_part(run, workspace, candidates, &Candidate::fusion);
  SuiteResults results{eval_flags.split, {}, {}};
  for (const auto& own : candidates) results.tasks.push_back(result_of(workspace, own));
  write_suite_results(run.folder, results);
  if (!eval_flags.baseline.empty()) {
    results.decathlon = decathlon_of(results, eval_flags.baseline);
    write_suite_results(run.folder, results);
  }
  if (eval_flags.mistakes > 0) {
    for (const auto& own : candidates) show_mistakes(run, workspace, own, eval_flags.mistakes, console);
  }
  if (console.json()) {
    console.result(suite_json(results));
    return 0;
  }
  console.result(suite_table(results.tasks).text());
  if (results.decathlon) console.result("\n" + decathlon_text(*results.decathlon, results.tasks.size()));
  for (const auto& result : results.tasks) {
    if (!result.attention) continue;
    console.result("\nmean attention of the fusion for " + result.task + ", by layer\n" +
                   attention_table(*result.attention).text());
  }
  return 0;
}

}  // namespace adaptune
