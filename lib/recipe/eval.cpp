#include "recipe/eval.h"

#include <algorithm>
#include <utility>

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
  TaskDescription description;
  TaskConfig task;  // as it was trained
  TaskSplit split;
  const TrainOptions* options = nullptr;
  std::shared_ptr<Attachment> attachment;
  std::shared_ptr<Head> head;
  Evaluation evaluation;
};

struct Candidate {
  const TaskConfig* task;
  std::optional<FusedTask> fused;
  std::optional<Contestant> adapter, fusion;
  // For what does not depend on which.
  const Contestant& either() const { return adapter ? *adapter : *fusion; }
};

// Examples that are read alike are read once.
void read_examples(Workspace& workspace, const std::string& split, Candidate& own, Console& console) {
  const Contestant* last = nullptr;
  for (auto* part : {&own.adapter, &own.fusion}) {
    if (!*part) continue;
    Contestant& one = **part;
    const auto& trained = one.description;
    one.task = as_trained(*own.task, trained);
    const auto changed =
        changed_settings(workspace, *own.task, trained, part == &own.fusion ? "fusion" : "adapter");
    if (!changed.empty()) console.warn(changed);
    if (last && last->description.input == trained.input && last->description.head == trained.head) {
      one.split = last->split;
      continue;
    }
    one.split = scored_split(workspace, one.task, trained, split);
    console.say(split_line(one.task, split, one.split));
    last = &one;
  }
}

// A fusion that does not fit its adapters any more is left out; `stale` gets the reason.
Candidate candidate(const Run& run, Workspace& workspace, const TaskConfig& task,
                    std::vector<std::string>& stale) {
  Candidate own{&task, {}, {}, {}};
  try {
    own.fused = load_trained_fusion(run, workspace, task);
  } catch (const StaleFusion& error) {
    stale.emplace_back(error.what());
  }
  if (const auto loaded = load_trained_adapter(run, workspace, task)) {
    own.adapter = Contestant{.description = loaded->description,
                             .options = &task.train,
                             .attachment = loaded->adapter,
                             .head = loaded->head};
  }
  if (own.fused) {
    record_attention(*own.fused, true);
    own.fusion = Contestant{.description = own.fused->description.target,
                            .options = &run.config.fusion.train,
                            .attachment = own.fused->fusion,
                            .head = own.fused->head};
  }
  return own;
}

// Adapters with adapters and fusions with fusions: what a pass computes for one task does not depend on
// whether another part of it is trained.
void evaluate_part(const Run& run, Workspace& workspace, std::vector<Candidate>& candidates,
                   std::optional<Contestant> Candidate::*part, Console& console) {
  std::vector<Scoring> scorings;
  std::vector<Contestant*> contestants;
  for (auto& own : candidates) {
    auto& contestant = own.*part;
    if (!contestant) continue;
    scorings.push_back({own.task, contestant->options, contestant->split.rows.get(), contestant->attachment,
                        contestant->head});
    contestants.push_back(&*contestant);
  }
  auto evaluations = evaluate_all(run, workspace, scorings, console);
  for (size_t i = 0; i < contestants.size(); ++i) contestants[i]->evaluation = std::move(evaluations[i]);
}

SuiteResult result_of(const Candidate& own) {
  const Contestant& one = own.either();
  SuiteResult result;
  result.task = own.task->name;
  result.metric = own.task->metrics.front();
  result.examples = one.split.rows->scored_rows();
  result.majority = majority_score(one.description, *one.split.rows, result.metric);
  if (own.adapter) {
    result.adapter_scores = own.adapter->evaluation.scores;
    result.adapter = result.adapter_scores.front().second;
    result.parameters = parameter_count(*own.adapter->attachment);
  }
  if (own.fusion) {
    result.fusion_scores = own.fusion->evaluation.scores;
    result.fusion = result.fusion_scores.front().second;
    auto attention = attention_of(*own.fused);
    if (!attention.layers.empty()) result.attention = std::move(attention);
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
void show_mistakes(const Run& run, const Candidate& own, int64_t count, Console& console) {
  const Contestant& one = own.either();
  const auto folder = run.task_folder(own.task->name);
  const int64_t shown = write_mistakes(folder, *one.split.rows->images, one.evaluation.predictions,
                                       one.description.head.labels, count);
  console.say(own.task->name + "  " +
              (shown > 0
                   ? "the worst " + std::to_string(shown) + " mistakes: " + (folder / "mistakes.png").string()
                   : "no mistakes"));
}

// Those with an adapter or a fusion, before the backbone is loaded for them.
std::vector<const TaskConfig*> trained_tasks(const Run& run, Console& console) {
  std::vector<const TaskConfig*> tasks;
  for (const auto* task : run.selected_tasks()) {
    if (is_task_directory(run.task_folder(task->name) / "adapter") ||
        is_fusion_directory(run.fusion_folder(task->name) / "fusion")) {
      tasks.push_back(task);
    } else {
      console.warn("task '" + task->name + "' is not trained yet; left out");
    }
  }
  if (!tasks.empty()) return tasks;
  throw InputError(std::filesystem::absolute(run.folder).string() +
                   ": no task of this configuration is trained there; run 'adaptune train' first");
}

void show_tables(const SuiteResults& results, Console& console) {
  console.result(suite_table(results.tasks).text());
  if (results.decathlon) console.result("\n" + decathlon_text(*results.decathlon, results.tasks.size()));
  for (const auto& result : results.tasks) {
    if (!result.attention) continue;
    console.result("\nmean attention of the fusion for " + result.task + ", by layer\n" +
                   attention_table(*result.attention).text());
  }
}

}  // namespace

int eval(const RunFlags& flags, const EvalFlags& eval_flags, Console& console) {
  const Run run = open_run(flags, {eval_flags.split});
  const auto selected = run.selected_tasks();
  const auto images = [](const TaskConfig* task) { return reads_images(task->head.type); };
  if (eval_flags.mistakes > 0 && !std::all_of(selected.begin(), selected.end(), images))
    throw UsageError("--mistakes shows images, and the tasks read texts; leave it out");
  const auto tasks = trained_tasks(run, console);
  Workspace workspace(run);
  console.say(header_text(run, workspace));
  std::vector<Candidate> candidates;
  std::vector<std::string> stale;
  for (const auto* task : tasks) {
    auto own = candidate(run, workspace, *task, stale);
    if (!own.adapter && !own.fusion) continue;
    read_examples(workspace, eval_flags.split, own, console);
    candidates.push_back(std::move(own));
  }
  if (candidates.empty()) throw InputError(stale.front());
  evaluate_part(run, workspace, candidates, &Candidate::adapter, console);
  evaluate_part(run, workspace, candidates, &Candidate::fusion, console);
  SuiteResults results{eval_flags.split, {}, {}};
  for (const auto& own : candidates) results.tasks.push_back(result_of(own));
  write_suite_results(run.folder, results);
  if (!eval_flags.baseline.empty()) {
    results.decathlon = decathlon_of(results, eval_flags.baseline);
    write_suite_results(run.folder, results);
  }
  if (eval_flags.mistakes > 0) {
    for (const auto& own : candidates) show_mistakes(run, own, eval_flags.mistakes, console);
  }
  console.json() ? console.result(suite_json(results)) : show_tables(results, console);
  for (const auto& reason : stale) console.warn(reason + "\n     it is left out here");
  return 0;
}

}  // namespace adaptune
