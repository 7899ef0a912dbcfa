#include "recipe/eval_parts.h"

#include "core/error.h"

namespace adaptune {
namespace {

// A head that was trained on other labels would be scored against the wrong names.
void check_labels(const TaskConfig& task, const HeadSpec& trained, const HeadSpec& now) {
  if (trained.type == now.type && trained.labels == now.labels) return;
  throw InputError("task '" + task.name +
                   "': its adapter was trained on other labels than data.train has now; "
                   "fix the order with 'labels', or train it again");
}

}  // namespace

TaskSplit scored_split(Workspace& workspace, const TaskConfig& task, const std::string& split) {
  const auto& files = split == "test" ? task.data.test : task.data.validation;
  if (files.empty())
    throw placed(task, ValueError("data." + split, "task '" + task.name + "' has nothing to evaluate on"));
  return workspace.read_split(task, files, task.data.max_eval_samples, workspace.data(task).head.labels);
}

std::optional<LoadedTask> load_trained_adapter(const Run& run, Workspace& workspace, const TaskConfig& task) {
  const auto folder = run.task_folder(task.name) / "adapter";
  if (!is_task_directory(folder)) return std::nullopt;
  auto loaded = load_task_directory(folder, workspace.backbone(), run.device);
  if (!run.flags.allow_backbone_mismatch) {
    check_same_backbone("adapter " + folder.string(), loaded.description.backbone, workspace.identity());
  }
  check_labels(task, loaded.description.head, workspace.data(task).head);
  return loaded;
}

std::optional<FusedTask> load_trained_fusion(const Run& run, Workspace& workspace, const TaskConfig& task) {
  const auto folder = run.fusion_folder(task.name) / "fusion";
  if (!is_fusion_directory(folder)) return std::nullopt;
  auto fused = load_fusion(folder, workspace.backbone(), workspace.identity(), run.device,
                           run.flags.allow_backbone_mismatch);
  check_labels(task, fused.description.target.head, workspace.data(task).head);
  return fused;
}

Evaluation evaluate_on(const Run& run, Workspace& workspace, const TaskConfig& task, TaskModel& model,
                       const EncodedSplit& rows) {
  return evaluate(model, rows, task.metrics,
                  {task.train.per_device_eval_batch_size, workspace.pad_id(), run.device});
}

}  // namespace adaptune
