#include "recipe/eval_parts.h"

#include <algorithm>

#include "core/error.h"
#include "core/identity_difference.h"
#include "core/joined.h"
#include "data/collate.h"
#include "model/shared_pass.h"

namespace adaptune {
namespace {

bool share(const Scoring& a, const Scoring& b) {
  const auto &first = *a.options, &second = *b.options;
  return SharedPass::can_share(*a.attachment) && SharedPass::can_share(*b.attachment) &&
         first.bf16 == second.bf16 && first.per_device_eval_batch_size == second.per_device_eval_batch_size &&
         a.rows->same_input(*b.rows);
}

// Indices of scorings that one pass serves.
std::vector<std::vector<size_t>> groups(const std::vector<Scoring>& scorings) {
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < scorings.size(); ++i) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const std::vector<size_t>& members) {
      return share(scorings[members.front()], scorings[i]);
    });
    if (group == groups.end()) {
      groups.push_back({i});
    } else {
      group->push_back(i);
    }
  }
  return groups;
}

std::string names_of(const std::vector<Scoring>& scorings) {
  std::vector<std::string> names;
  for (const auto& scoring : scorings) names.push_back(scoring.task->name);
  return joined(names);
}

// Labels are each task's own.
std::vector<Evaluation> evaluate_together(const Run& run, Workspace& workspace,
                                          const std::vector<Scoring>& scorings) {
  std::vector<SharedPass::Task> tasks;
  for (const auto& own : scorings) tasks.push_back({own.attachment, own.head});
  const auto& options = *scorings.front().options;
  workspace.backbone().set_bfloat16(options.bf16);
  SharedPass pass(workspace.backbone(), std::move(tasks));
  pass.eval();
  const CollateOptions collation{workspace.pad_id(), run.device, pass.needs_padding()};
  std::vector<EvaluationSum> sums(scorings.size());
  const int64_t batch_size = SharedPass::rows_at_once(options.per_device_eval_batch_size, scorings.size());
  for_each_batch(*scorings.front().rows, {batch_size, workspace.pad_id(), run.device}, pass.needs_padding(),
                 [&](const auto& rows, const Batch& batch) {
                   const auto logits = pass.logits(batch);
                   Batch own = batch;
                   for (size_t i = 0; i < scorings.size(); ++i) {
                     own.labels = collate_labels(*scorings[i].rows, rows, collation);
                     sums[i].add(*scorings[i].head, rows, own, logits[i]);
                   }
                 });
  std::vector<Evaluation> evaluations;
  for (size_t i = 0; i < scorings.size(); ++i)
    evaluations.push_back(sums[i].result(scorings[i].task->metrics));
  return evaluations;
}

}  // namespace

TaskConfig as_trained(const TaskConfig& task, const TaskDescription& trained) {
  if (task.head.type != trained.head.type) {
    throw InputError("task '" + task.name + "' is a '" + task.head.type +
                     "' in the configuration and was trained as a '" + trained.head.type +
                     "'; leave the type as it was, or train it again");
  }
  return with_input(task, with_configured_reading(trained.input, task));
}

std::string changed_settings(const Workspace& workspace, const TaskConfig& task,
                             const TaskDescription& trained, const std::string& what) {
  auto now = trained;
  now.adapter = task.adapter;
  now.adapter.load.clear();
  now.head = task.head;
  if (now.head.labels.empty()) now.head.labels = trained.head.labels;
  now.input = with_configured_cut(trained.input, task);
  auto& transform = now.input.transform;
  if (transform) transform = workspace.configured_transform(task, *transform);
  const auto difference = identity_difference(task_description_yaml(trained), task_description_yaml(now));
  if (difference.empty()) return "";
  return "task '" + task.name + "': its " + what +
         " was trained with other settings (-) than the configuration has now (+); its own decide" +
         difference;
}

TaskSplit scored_split(Workspace& workspace, const TaskConfig& task, const TaskDescription& trained,
                       const std::string& split) {
  const auto& files = task.data.files(split);
  if (files.empty())
    throw placed(task, ValueError("data." + split, "task '" + task.name +
                                                       "' has nothing to evaluate on; write 'data: {" +
                                                       split + ": ...}'"));
  const auto samples = split == "train" ? task.data.max_train_samples : task.data.max_eval_samples;
  return workspace.read_split(task, files, samples, trained);
}

std::optional<LoadedTask> load_trained_adapter(const Run& run, Workspace& workspace, const TaskConfig& task) {
  const auto folder = run.task_folder(task.name) / "adapter";
  if (!is_task_directory(folder)) return std::nullopt;
  auto loaded = load_task_directory(folder, workspace.backbone(), run.device);
  if (!run.flags.allow_backbone_mismatch) {
    check_same_backbone("adapter " + folder.string(), loaded.description.backbone, workspace.identity());
  }
  return loaded;
}

std::optional<FusedTask> load_trained_fusion(const Run& run, Workspace& workspace, const TaskConfig& task) {
  const auto folder = run.fusion_folder(task.name) / "fusion";
  if (!is_fusion_directory(folder)) return std::nullopt;
  auto fused = load_fusion(folder, workspace.backbone(), workspace.identity(), run.device,
                           run.flags.allow_backbone_mismatch);
  return fused;
}

Evaluation evaluate_on(const Run& run, Workspace& workspace, const Scoring& scoring, TaskModel& model) {
  workspace.backbone().set_bfloat16(scoring.options->bf16);
  return evaluate(model, *scoring.rows, scoring.task->metrics,
                  {scoring.options->per_device_eval_batch_size, workspace.pad_id(), run.device});
}

std::vector<Evaluation> evaluate_all(const Run& run, Workspace& workspace,
                                     const std::vector<Scoring>& scorings, Console& console) {
  std::vector<Evaluation> evaluations(scorings.size());
  for (const auto& group : groups(scorings)) {
    const Scoring& first = scorings[group.front()];
    if (group.size() == 1) {
      TaskModel model(workspace.backbone(), first.attachment, first.head);
      evaluations[group.front()] = evaluate_on(run, workspace, first, model);
      continue;
    }
    std::vector<Scoring> together;
    for (const size_t i : group) together.push_back(scorings[i]);
    console.detail("in one pass: " + names_of(together));
    auto results = evaluate_together(run, workspace, together);
    for (size_t i = 0; i < group.size(); ++i) evaluations[group[i]] = std::move(results[i]);
  }
  return evaluations;
}

}  // namespace adaptune
