#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/task_model.h"
#include "recipe/eval_parts.h"
#include "recipe/fused_task.h"
#include "recipe/run.h"
#include "recipe/workspace.h"

namespace adaptune {

// What is taken out of a trained task.
struct Removal {
  std::vector<int64_t> layers_off;  // run without adapters, ascending
  std::optional<int64_t> kept;      // adapters that each fused site keeps: those attended to most
};

// A trained adapter or fusion, attached, and the split it is scored on.
class DropSubject {
 public:
  static bool is_trained(const Run& run, const TaskConfig& task, bool fusion);
  // `fusion`: the task's fusion, not its single adapter. InputError where that is not trained, UsageError
  // where it owns no adapters.
  DropSubject(const Run& run, Workspace& workspace, const TaskConfig& task, const std::string& split,
              bool fusion);

  // As changed_settings().
  std::string changed_settings() const;
  // Of the task's first metric, in its own unit; empty: undefined. What a site keeps never grows again: ask
  // for fewer and fewer.
  std::optional<double> score(const Removal& removal);
  // UsageError where nothing would be left to be written.
  void check_rest(const Removal& removal) const;
  // What is left, as an adapter or a fusion of its own; the last one scored. Of a fusion only the lowest
  // layers may be missing. Returns the folder's size in bytes.
  int64_t write(const std::filesystem::path& folder, const Removal& removal);

  const std::string& name() const { return task_.name; }
  const std::string& metric() const { return task_.metrics.front(); }
  int64_t examples() const { return split_.rows->size(); }
  int64_t members() const;  // of the fusion, at the site that has most; 0: an adapter

 private:
  const Attachment& attachment() const;
  const TaskDescription& trained() const {
    return fused_ ? fused_->description.target : loaded_->description;
  }
  const TrainOptions& options() const;
  TensorMap parameters_of(const torch::nn::Module& rest) const;
  void prune(int64_t count);
  AdapterSpec rest_of_adapter(const std::vector<int64_t>& off) const;
  FusionOptions rest_of_fusion(const std::vector<int64_t>& off) const;
  int64_t write_adapter(const std::filesystem::path& folder, const std::vector<int64_t>& off) const;
  int64_t write_fusion(const std::filesystem::path& folder, const Removal& removal) const;

  const Run& run_;
  Workspace& workspace_;
  const TaskConfig& configured_;
  std::optional<FusedTask> fused_;
  std::optional<LoadedTask> loaded_;
  TaskConfig task_;  // as it was trained
  TaskSplit split_;
  std::optional<TaskModel> model_;
  std::vector<std::vector<double>> attention_;  // by fused site and its members, over the training split
};

}  // namespace adaptune
