#include "recipe/check.h"

#include <torch/torch.h>

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "data/batcher.h"
#include "data/collate.h"
#include "data/label_map.h"
#include "model/task_adapter.h"

namespace adaptune {
namespace {

void check_first_batch(const TaskSplit& split, const TaskConfig& task, int32_t pad_id) {
  const auto batches = evaluation_batches(split.rows->lengths(), task.train.per_device_train_batch_size);
  collate(*split.rows, batches.front(), {.pad_id = pad_id});
}

// Read for its mistakes alone: training does not need its tokens.
void check_test(const TaskConfig& task, const std::vector<std::string>& labels) {
  const auto& files = task.data.test;
  if (files.empty()) return;
  const auto dataset =
      read_dataset({files.begin(), files.end()}, dataset_options(task, task.data.max_eval_samples));
  label_numbers(dataset, labels.empty() ? LabelMap() : LabelMap(labels));
}

void check_data(Workspace& workspace, const TaskConfig& task) {
  const auto& data = workspace.data(task);
  check_first_batch(data.train, task, workspace.pad_id());
  if (data.validation) check_first_batch(*data.validation, task, workspace.pad_id());
  check_test(task, data.head.labels);
}

void add_checks(Workspace& workspace, const TaskConfig& task, std::vector<RunCheck>& checks) {
  for (const auto& problem : adapter_problems(task.adapter, workspace.described()))
    checks.emplace_back([&task, problem] { throw placed(task, problem); });
  if (task.train.bf16 && workspace.described().linears().empty()) {
    const ValueError problem("train.bf16", "a backbone of the family '" + workspace.info().family +
                                               "' has no linear layers whose products could be in bfloat16");
    checks.emplace_back([&task, problem] { throw placed(task, problem); });
  }
  checks.emplace_back([&workspace, &task] { check_data(workspace, task); });
}

}  // namespace

void check_tasks(Workspace& workspace, const std::vector<const TaskConfig*>& tasks,
                 const std::vector<RunCheck>& more) {
  std::vector<RunCheck> checks;
  for (const auto* task : tasks) add_checks(workspace, *task, checks);
  checks.insert(checks.end(), more.begin(), more.end());
  std::vector<std::string> problems;  // each once: tasks share the values of the run
  std::optional<ExitCode> code;
  for (const auto& check : checks) {
    try {
      check();
    } catch (const Error& error) {
      const std::string problem = error.what();
      if (std::find(problems.begin(), problems.end(), problem) == problems.end()) problems.push_back(problem);
      if (!code) code = error.code();
    }
  }
  if (!code) return;
  std::string text = problems.front();
  for (size_t i = 1; i < problems.size(); ++i) text += "\n" + error_text(problems[i]);
  if (problems.size() > 1) text += "\n" + std::to_string(problems.size()) + " errors; nothing was run";
  throw Error(*code, text);
}

}  // namespace adaptune
