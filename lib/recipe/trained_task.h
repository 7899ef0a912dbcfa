#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "model/task_model.h"
#include "recipe/fused_task.h"
#include "tokenizer/tokenizer.h"

namespace adaptune {

// A trained task with everything that prediction needs, opened by a path alone.
struct TrainedTask {
  TaskDescription description;
  std::unique_ptr<Backbone> backbone;
  std::unique_ptr<Tokenizer> tokenizer;
  std::filesystem::path folder;          // it was found in
  std::shared_ptr<TaskAdapter> adapter;  // null where the path leads to a fusion
  std::optional<FusedTask> fused;
  std::shared_ptr<Head> head;
  std::unique_ptr<TaskModel> model;
};

// Where to look, and on what.
struct TrainedTaskQuery {
  std::filesystem::path path;  // folder of a run, of a task, of an adapter or of a fusion
  std::string task;            // of a run with several
  std::string model;           // the backbone's folder; empty: as the description says
  torch::Device device = torch::kCPU;
  bool allow_backbone_mismatch = false;
};

// A run's fusion for the task wins over its single adapter. UsageError naming the tasks when the path
// leaves open which one, InputError when there is none.
TrainedTask open_trained_task(const TrainedTaskQuery& query);

}  // namespace adaptune
