#pragma once
// What scores trained tasks of a run: its data, what was trained, the pass over both.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/task_directory.h"
#include "recipe/console.h"
#include "recipe/fused_task.h"
#include "recipe/run.h"
#include "recipe/workspace.h"
#include "train/evaluation.h"

namespace adaptune {

// The task as it was trained: lengths and truncation are the description's. Columns and `quoted` say how
// files are read, not what was learned: the description's only where the configuration leaves them open.
// InputError where it is of another type.
TaskConfig as_trained(const TaskConfig& task, const TaskDescription& trained);
// What of the rest the configuration says otherwise by now, a warning: the trained task's own settings
// decide. Empty: nothing. `what` names it, "adapter" or "fusion".
std::string changed_settings(const Workspace& workspace, const TaskConfig& task,
                             const TaskDescription& trained, const std::string& what);
// `split` is one of kSplits, `task` as it was trained. UsageError at its place where the task has none.
TaskSplit scored_split(Workspace& workspace, const TaskConfig& task, const TaskDescription& trained,
                       const std::string& split);
// Empty where the task is not trained. InputError for one of another backbone.
std::optional<LoadedTask> load_trained_adapter(const Run& run, Workspace& workspace, const TaskConfig& task);
std::optional<FusedTask> load_trained_fusion(const Run& run, Workspace& workspace, const TaskConfig& task);
// Something trained, what it is scored on, and with which options: those of its own stage.
struct Scoring {
  const TaskConfig* task;
  const TrainOptions* options;
  const EncodedSplit* rows;
  std::shared_ptr<Attachment> attachment;
  std::shared_ptr<Head> head;
};
// A scoring whose parts are in a model already.
Evaluation evaluate_on(const Run& run, Workspace& workspace, const Scoring& scoring, TaskModel& model);
// All of them, in their order; those that read the same tokens in one pass (model/shared_pass.h).
std::vector<Evaluation> evaluate_all(const Run& run, Workspace& workspace,
                                     const std::vector<Scoring>& scorings, Console& console);

}  // namespace adaptune
