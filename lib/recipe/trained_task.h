#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/task_model.h"
#include "recipe/fused_task.h"
#include "tokenizer/tokenizer.h"

namespace adaptune {

// A trained task on its backbone, not attached.
struct TrainedTask {
  TaskDescription description;
  std::filesystem::path folder;          // it was found in
  std::shared_ptr<TaskAdapter> adapter;  // null where the path leads to a fusion
  std::optional<FusedTask> fused;
  std::shared_ptr<Head> head;  // null only where the query does not need it
  std::shared_ptr<Attachment> attachment() const;
};

// Of the folder of an adapter or a fusion. InputError where it was trained on another backbone and that is
// not allowed, StaleFusion as load_fusion.
TrainedTask load_trained_task(const std::filesystem::path& folder, Backbone& backbone,
                              const BackboneIdentity& identity, torch::Device device, bool allow_mismatch);

// Trained tasks with everything that prediction needs, opened by a path alone.
struct TrainedTasks {
  std::unique_ptr<Backbone> backbone;
  std::unique_ptr<Tokenizer> tokenizer;  // null: the backbone reads images
  std::string model;                     // the backbone's folder
  std::vector<TrainedTask> tasks;        // at least one
};

// Loads a backbone and, for texts, its tokenizer into `opened`.
BackboneIdentity open_backbone(const std::string& model, torch::Device device, TrainedTasks& opened);

// Where to look, and on what.
struct TrainedTaskQuery {
  std::filesystem::path path;  // folder of a run, of a task, of an adapter, of a fusion, or of a whole model
  std::vector<std::string> tasks;  // of a run with several, or "all"; of AdapterHub's folders a head's name
  std::string model;               // the backbone's folder; empty: as the descriptions say
  torch::Device device = torch::kCPU;
  bool allow_backbone_mismatch = false;
  bool needs_head = true;  // false: a task of another library may come without one
};

// A run's fusion for a task wins over its single adapter. UsageError naming the tasks when the path leaves
// open which one, InputError when there is none, or when the tasks were trained on different backbones. For
// folders of AdapterHub and PEFT see imported_task.h, for whole models plain_model.h.
TrainedTasks open_trained_tasks(const TrainedTaskQuery& query);

}  // namespace adaptune
