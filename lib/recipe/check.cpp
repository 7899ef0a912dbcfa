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

namespace adaptune {
namespace {

void check_first_batch(const TaskSplit& split, const TaskConfig& task, int32_t pad_id) {
  const auto batches = evaluation_batches(split.rows->lengths(), task.train.per_device_train_batch_size);
  collate(*split.rows, batches.front(), {.pad_id = pad_id});
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

}  // namespace adaptune
