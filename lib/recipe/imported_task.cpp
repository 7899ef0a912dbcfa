#include "recipe/imported_task.h"

#include <torch/torch.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/error.h"
#include "interop/adapterhub_fusion_config.h"
#include "interop/adapterhub_names.h"
#include "interop/adapterhub_reader.h"
#include "interop/json_fields.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kSetupFile = "adapter_setup.json";

// Absolute and without a "/" at its end, so that it has a parent.
fs::path full_path(const fs::path& path) {
  return (fs::absolute(path) / "").lexically_normal().parent_path();
}

// What may not be looked into holds nothing for us: it is not the folder that the user named.
bool holds(const fs::path& folder, const std::string& file) {
  std::error_code ignored;
  return fs::is_regular_file(folder / file, ignored);
}

std::vector<fs::path> folders_with(const std::string& file, const fs::path& parent) {
  std::vector<fs::path> folders;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    if (holds(entry.path(), file)) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

// The `name` in a configuration file of the folder; the folder's own where it is null, as that of a static
// class's head.
std::string name_in(const fs::path& folder, const AdapterHubFiles& files) {
  const json file = read_json_file((folder / files.config).string());
  const json name = file.is_object() ? file.value("name", json()) : json();
  return name.is_string() ? name.get<std::string>() : folder.filename().string();
}

struct HeadFolder {
  fs::path path;
  std::string name;
  bool by_name_only;  // it is another task's unless someone says otherwise
};

std::string list_of(const std::vector<HeadFolder>& heads) {
  std::string names;
  for (const auto& head : heads) names += " " + head.name;
  return names;
}

void choose_head(const std::vector<HeadFolder>& heads, const std::string& wanted, ImportedFolders& found) {
  std::vector<HeadFolder> fitting;
  for (const auto& head : heads) {
    if (wanted.empty() ? !head.by_name_only : head.name == wanted) fitting.push_back(head);
  }
  if (fitting.empty() && !wanted.empty()) {
    throw UsageError(found.folder.string() + ": there is no head '" + wanted + "'" +
                     (heads.empty() ? "" : "; there are:" + list_of(heads)));
  }
  if (fitting.size() > 1 && wanted.empty()) {
    throw UsageError(found.folder.string() +
                     ": there are several heads; choose one with --task:" + list_of(fitting));
  }
  // Of two with one name, the one that is no other adapter's.
  std::stable_sort(fitting.begin(), fitting.end(),
                   [](const auto& a, const auto& b) { return a.by_name_only < b.by_name_only; });
  if (!fitting.empty()) found.head = fitting.front().path;
  for (const auto& head : heads) {
    if (head.path != found.head) found.other_heads.push_back(head.name);
  }
}

bool takes_own_head(const fs::path& folder, const std::string& wanted) {
  return wanted.empty() && holds(folder, kHeadFiles.config);
}

// A head of the folder itself, then those beside it.
std::vector<HeadFolder> heads_around(const fs::path& folder) {
  std::vector<HeadFolder> heads;
  if (holds(folder, kHeadFiles.config)) heads.push_back({folder, name_in(folder, kHeadFiles), false});
  for (const auto& beside : folders_with(kHeadFiles.config, folder.parent_path())) {
    if (beside != folder)
      heads.push_back({beside, name_in(beside, kHeadFiles), holds(beside, kAdapterFiles.config)});
  }
  return heads;
}

ImportedFolders adapter_at(const fs::path& folder, AdapterFormat format, const std::string& wanted) {
  ImportedFolders found{folder, false, {}, {}};
  if (format == AdapterFormat::kPeft) {
    const auto name = folder.filename().string();
    if (wanted.empty() || wanted == name) return found;
    throw UsageError(folder.string() + ": PEFT's folders hold one task, here '" + name + "', not '" + wanted +
                     "'");
  }
  if (takes_own_head(folder, wanted)) return {folder, false, folder, {}};
  auto heads = heads_around(folder);
  // Whose a head beside it is, its name alone can tell.
  const auto name = name_in(folder, kAdapterFiles);
  for (auto& head : heads) {
    if (head.path != folder && head.name != name) head.by_name_only = true;
  }
  choose_head(heads, wanted, found);
  return found;
}

// The head that a saved setup used, where it was a single one.
std::string head_of_setup(const fs::path& setup) {
  if (!holds(setup, kSetupFile)) return "";
  const json file = read_json_file((setup / kSetupFile).string());
  const json head = file.is_object() ? file.value("head_setup", json()) : json();
  if (head.is_string()) return head.get<std::string>();
  return head.is_array() && head.size() == 1 && head[0].is_string() ? head[0].get<std::string>() : "";
}

ImportedFolders fusion_at(const fs::path& folder, const std::string& wanted) {
  if (takes_own_head(folder, wanted)) return {folder, true, folder, {}};
  ImportedFolders found{folder, true, {}, {}};
  const auto heads = heads_around(folder);
  auto name = wanted.empty() ? head_of_setup(folder.parent_path()) : wanted;
  const bool there =
      std::any_of(heads.begin(), heads.end(), [&](const HeadFolder& head) { return head.name == name; });
  if (wanted.empty() && !there) name.clear();  // the setup's head was not saved with it
  choose_head(heads, name, found);
  return found;
}

FusedTask load_imported_fusion(const fs::path& folder, Backbone& backbone, torch::Device device) {
  const auto file = (folder / kFusionFiles.config).string();
  const auto names = read_adapterhub_fusion_config(read_json_file(file), file).adapter_names;
  FusedTask fused;
  std::vector<ImportedAdapter> members;
  for (const auto& name : names) {
    const auto beside = folder.parent_path() / name;
    if (adapter_format(beside) != AdapterFormat::kAdapterHub) {
      throw InputError(folder.string() + ": the fusion attends over the adapter '" + name +
                       "', whose folder is not there: " + beside.string());
    }
    members.push_back(read_adapterhub_adapter(beside, backbone));
    fused.members.push_back(sourced(members.back(), device));
    fused.description.members.push_back({name, "../" + name, fused.members.back().sha256});
  }
  const auto imported = read_adapterhub_fusion(folder, members, backbone);
  fused.description.options = imported.options;
  fused.fusion = imported.fusion;
  fused.fusion->to(device);
  return fused;
}

[[noreturn]] void throw_headless(const ImportedFolders& found) {
  std::string text =
      found.folder.string() + ": holds " + (found.is_fusion ? "a fusion" : "an adapter") +
      " without a head, and prediction needs a head; save one with it (head_config.json and its "
      "weights), or train one: 'adaptune train' with adapter.load, or 'adaptune fuse'";
  if (!found.other_heads.empty()) text += "\n     heads beside it, to be chosen with --task:";
  for (const auto& name : found.other_heads) text += " " + name;
  throw InputError(text);
}

// Everything that no file says stays at its default.
void describe_imported(const TrainedTaskQuery& query, const BackboneIdentity& identity,
                       const BackboneInfo& info, TrainedTask& task) {
  auto& description = task.description;
  description.model = query.model;
  description.backbone = identity;
  description.input.max_seq_length = std::min(description.input.max_seq_length, info.max_positions);
  if (task.head) description.head = task.head->spec();
  if (!task.fused) return;
  task.fused->head = task.head;
  task.fused->description.target = description;
}

}  // namespace

std::optional<ImportedFolders> find_imported_task(const fs::path& path, const std::string& head) {
  if (!fs::is_directory(path)) return std::nullopt;
  const auto folder = full_path(path);
  const auto format = adapter_format(folder);
  if (format == AdapterFormat::kOurs) return std::nullopt;
  if (format) return adapter_at(folder, *format, head);
  if (holds(folder, kFusionFiles.config)) return fusion_at(folder, head);
  const auto fusions = folders_with(kFusionFiles.config, folder);
  if (fusions.empty()) return std::nullopt;
  if (fusions.size() == 1) return fusion_at(fusions.front(), head);
  std::string names;
  for (const auto& fusion : fusions) names += " " + fusion.filename().string();
  throw UsageError(folder.string() + " holds several fusions; give the folder of one:" + names);
}

TrainedTask load_imported_task(const ImportedFolders& found, const TrainedTaskQuery& query,
                               Backbone& backbone, const BackboneIdentity& identity) {
  TrainedTask task;
  task.folder = found.folder;
  if (found.is_fusion) {
    task.fused = load_imported_fusion(found.folder, backbone, query.device);
    task.description.name = name_in(found.folder, kFusionFiles);
    task.description.adapter = task.fused->members.back().spec;
  } else {
    const auto source = load_adapter(found.folder, backbone, identity, query.device, /*allow_mismatch=*/true);
    task.adapter = source.adapter;
    task.head = source.head;
    task.description.name = source.name;
    task.description.adapter = source.spec;
  }
  if (!found.head.empty()) {
    const auto head = read_adapterhub_head(found.head, backbone.info());
    task.head = head.head;
    task.head->to(query.device);
    if (found.is_fusion && !head.name.empty()) task.description.name = head.name;
  }
  if (!task.head && query.needs_head) throw_headless(found);
  describe_imported(query, identity, backbone.info(), task);
  return task;
}

}  // namespace adaptune
