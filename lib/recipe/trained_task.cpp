#include "recipe/trained_task.h"

#include <algorithm>
#include <vector>

#include "core/error.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

// Tasks of a run folder that have an adapter or a fusion.
std::vector<std::string> tasks_in(const fs::path& run) {
  std::vector<std::string> tasks;
  const auto add = [&](const fs::path& folder, const char* part) {
    if (!fs::is_directory(folder)) return;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const bool trained = is_task_directory(entry.path() / part) || is_fusion_directory(entry.path() / part);
      const auto name = entry.path().filename().string();
      if (trained && std::find(tasks.begin(), tasks.end(), name) == tasks.end()) tasks.push_back(name);
    }
  };
  add(run, "adapter");
  add(run / "fusion", "fusion");
  std::sort(tasks.begin(), tasks.end());
  return tasks;
}

fs::path trained_folder(const fs::path& path, const std::string& task) {
  for (const auto& folder : {path, path / "adapter", path / "fusion"}) {
    if (task.empty() && (is_task_directory(folder) || is_fusion_directory(folder))) return folder;
  }
  const auto tasks = tasks_in(path);
  std::string known;
  for (const auto& name : tasks) known += " " + name;
  const std::string name = task.empty() && tasks.size() == 1 ? tasks.front() : task;
  if (tasks.empty())
    throw InputError(fs::absolute(path).string() +
                     ": no trained adapter or fusion there; run 'adaptune train' first");
  if (name.empty()) throw UsageError(path.string() + " holds several tasks; choose one with --task:" + known);
  for (const auto& folder : {path / "fusion" / name / "fusion", path / name / "adapter"}) {
    if (is_task_directory(folder) || is_fusion_directory(folder)) return folder;
  }
  throw UsageError(path.string() + " holds no trained task '" + name + "'; it has:" + known);
}

}  // namespace

TrainedTask open_trained_task(const TrainedTaskQuery& query) {
  const auto folder = trained_folder(query.path, query.task);
  const bool is_fusion = is_fusion_directory(folder);
  TrainedTask trained;
  trained.folder = folder;
  trained.description = is_fusion ? load_fusion_description(folder / "fusion.yaml").target
                                  : load_task_description(folder / "adapter.yaml");
  const std::string model = query.model.empty() ? trained.description.model : query.model;
  if (!fs::is_directory(model)) {
    throw InputError(folder.string() + " was trained on the backbone '" + model +
                     "', which is not there; name its folder with --model");
  }
  const auto identity = identify_backbone(model);
  trained.tokenizer = load_tokenizer(model);
  trained.backbone = load_backbone(model, query.device);
  auto& backbone = *trained.backbone;
  if (is_fusion) {
    trained.fused = load_fusion(folder, backbone, identity, query.device, query.allow_backbone_mismatch);
    trained.head = trained.fused->head;
    trained.model = std::make_unique<TaskModel>(backbone, trained.fused->fusion, trained.head);
    return trained;
  }
  if (!query.allow_backbone_mismatch)
    check_same_backbone("adapter " + folder.string(), trained.description.backbone, identity);
  auto loaded = load_task_directory(folder, backbone, query.device);
  trained.adapter = loaded.adapter;
  trained.head = loaded.head;
  trained.model = std::make_unique<TaskModel>(backbone, loaded.adapter, loaded.head);
  return trained;
}

}  // namespace adaptune
