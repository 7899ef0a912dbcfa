#include "recipe/plain_model.h"

#include <algorithm>

#include "core/error.h"
#include "interop/static_head.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

TaskInput input_of(const fs::path& folder, const BackboneInfo& info) {
  TaskInput input;
  if (info.input == InputKind::kText) {
    input.max_seq_length = std::min(input.max_seq_length, info.max_positions);
    return input;
  }
  input.transform = read_preprocessor_config(folder);
  if (!input.transform)
    throw InputError(folder.string() +
                     ": no preprocessor_config.json says how images are resized and normalised; write one");
  return input;
}

}  // namespace

bool is_plain_model(const fs::path& folder) {
  return fs::is_regular_file(folder / "config.json") && !is_task_directory(folder) &&
         !is_fusion_directory(folder);
}

TrainedTasks open_plain_model(const TrainedTaskQuery& query) {
  TrainedTasks opened;
  const auto identity = open_backbone(query.path.string(), query.device, opened);
  auto& backbone = *opened.backbone;
  auto found = read_checkpoint_head(query.path, backbone.info());
  if (!found)
    throw InputError(
        query.path.string() +
        ": a model without a head answers nothing; train an adapter on it, or give a folder of one");
  auto& task = opened.tasks.emplace_back();
  task.folder = query.path;
  task.adapter = std::make_shared<TaskAdapter>(adapter_spec("head_only"), backbone);
  task.head = found->head;
  task.head->to(query.device);
  auto& description = task.description;
  description.name = (fs::absolute(query.path) / "").lexically_normal().parent_path().filename().string();
  description.model = opened.model;
  description.backbone = identity;
  description.adapter = adapter_spec("head_only");
  description.head = task.head->spec();
  description.input = input_of(query.path, backbone.info());
  return opened;
}

}  // namespace adaptune
