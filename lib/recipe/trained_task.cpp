#include "recipe/trained_task.h"

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "recipe/imported_task.h"
#include "recipe/plain_model.h"

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

std::vector<fs::path> trained_folders(const fs::path& path, std::vector<std::string> names) {
  for (const auto& folder : {path, path / "adapter", path / "fusion"}) {
    if (names.empty() && (is_task_directory(folder) || is_fusion_directory(folder))) return {folder};
  }
  const auto tasks = tasks_in(path);
  std::string known;
  for (const auto& name : tasks) known += " " + name;
  if (tasks.empty())
    throw InputError(fs::absolute(path).string() +
                     ": no trained adapter or fusion there, and none of AdapterHub or PEFT; run 'adaptune "
                     "train' first");
  if (names == std::vector<std::string>{"all"} || (names.empty() && tasks.size() == 1)) names = tasks;
  if (names.empty())
    throw UsageError(path.string() + " holds several tasks; choose one with --task:" + known);
  std::vector<fs::path> folders;
  for (const auto& name : names) {
    if (std::find(tasks.begin(), tasks.end(), name) == tasks.end())
      throw UsageError(path.string() + " holds no trained task '" + name + "'; it has:" + known);
    const auto fusion = path / "fusion" / name / "fusion";
    folders.push_back(is_fusion_directory(fusion) ? fusion : path / name / "adapter");
  }
  return folders;
}

TaskDescription trained_description(const fs::path& folder) {
  return is_fusion_directory(folder) ? load_fusion_description(folder / "fusion.yaml").target
                                     : load_task_description(folder / "adapter.yaml");
}

std::string backbone_folder(const TrainedTask& task, const TrainedTaskQuery& query) {
  const std::string model = query.model.empty() ? task.description.model : query.model;
  if (fs::is_directory(model)) return model;
  throw InputError(task.folder.string() + " was trained on the backbone '" + model +
                   "', which is not there; name its folder with --model");
}

TrainedTasks open_imported(const ImportedFolders& found, const TrainedTaskQuery& query) {
  const auto where = found.folder.string();
  if (query.tasks.size() > 1) throw UsageError(where + " holds one task; give --task once, for its head");
  if (query.model.empty()) {
    throw UsageError(where +
                     ": a folder of AdapterHub or PEFT does not say where its backbone is; name the "
                     "backbone's folder with --model");
  }
  if (!fs::is_directory(query.model)) throw InputError("--model " + query.model + ": no such folder");
  TrainedTasks opened;
  const auto identity = open_backbone(query.model, query.device, opened);
  opened.tasks.push_back(load_imported_task(found, query, *opened.backbone, identity));
  return opened;
}

}  // namespace

std::shared_ptr<Attachment> TrainedTask::attachment() const {
  if (fused) return fused->fusion;
  return adapter;
}

BackboneIdentity open_backbone(const std::string& model, torch::Device device, TrainedTasks& opened) {
  opened.model = model;
  const auto identity = identify_backbone(model);
  opened.backbone = load_backbone(model, device);
  if (opened.backbone->info().input == InputKind::kText) opened.tokenizer = load_tokenizer(model);
  return identity;
}

TrainedTask load_trained_task(const fs::path& folder, Backbone& backbone, const BackboneIdentity& identity,
                              torch::Device device, bool allow_mismatch) {
  TrainedTask task;
  task.folder = folder;
  task.description = trained_description(folder);
  if (is_fusion_directory(folder)) {
    task.fused = load_fusion(folder, backbone, identity, device, allow_mismatch);
    task.head = task.fused->head;
    return task;
  }
  if (!allow_mismatch) check_same_backbone("adapter " + folder.string(), task.description.backbone, identity);
  const auto loaded = load_task_directory(folder, backbone, device);
  task.adapter = loaded.adapter;
  task.head = loaded.head;
  return task;
}

TrainedTasks open_trained_tasks(const TrainedTaskQuery& query) {
  const bool one = query.tasks.size() == 1 && query.tasks.front() != "all";
  if (const auto found = find_imported_task(query.path, one ? query.tasks.front() : ""))
    return open_imported(*found, query);
  if (query.tasks.empty() && is_plain_model(query.path)) return open_plain_model(query);
  TrainedTasks opened;
  for (const auto& folder : trained_folders(query.path, query.tasks)) {
    auto& task = opened.tasks.emplace_back();
    task.folder = folder;
    task.description = trained_description(folder);
  }
  const auto model = backbone_folder(opened.tasks.front(), query);
  for (const auto& task : opened.tasks) {
    if (fs::equivalent(backbone_folder(task, query), model)) continue;
    throw InputError("tasks '" + opened.tasks.front().description.name + "' and '" + task.description.name +
                     "' were trained on different backbones with tokenizers of their own, '" + model +
                     "' and '" + task.description.model + "'; predict them one by one");
  }
  const auto identity = open_backbone(model, query.device, opened);
  for (auto& task : opened.tasks) {
    task = load_trained_task(task.folder, *opened.backbone, identity, query.device,
                             query.allow_backbone_mismatch);
  }
  return opened;
}

}  // namespace adaptune
