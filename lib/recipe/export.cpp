#include "recipe/export.h"

#include <torch/torch.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/joined.h"
#include "interop/adapterhub_config.h"
#include "interop/adapterhub_head_config.h"
#include "interop/adapterhub_writer.h"
#include "recipe/adapter_source.h"
#include "recipe/output_lock.h"
#include "recipe/trained_task.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

// A fusion that drops its lowest layers drops the members in them; AdapterHub says that of each adapter.
SourcedAdapter without_lowest(const SourcedAdapter& member, int64_t dropped, Backbone& backbone) {
  if (dropped == 0) return member;
  SourcedAdapter rest = member;
  for (const int64_t layer : lowest_layers(dropped)) rest.spec.leave_out.push_back(layer);
  rest.adapter = std::make_shared<TaskAdapter>(rest.spec, backbone);
  const TensorMap all = parameter_map(*member.adapter);
  TensorMap own;
  for (const auto& [name, tensor] : parameter_map(*rest.adapter)) own.emplace(name, all.at(name));
  load_parameters(*rest.adapter, own, member.name);
  return rest;
}

// Member folders are named by their adapters and the fusion by all of them, as the library's own
// save_adapter_setup does.
std::vector<std::string> export_fusion(const TrainedTask& task, Backbone& backbone, const fs::path& out,
                                       const AdapterHubExport& as) {
  std::vector<std::string> written, names;
  const auto& fused = *task.fused;
  check_export(fused, backbone.info());
  const int64_t dropped =
      fixed_drop(fused.description.options.drop, backbone.info().layers, "fusion.drop.layers");
  for (size_t n = 0; n < fused.description.members.size(); ++n) {
    AdapterHubExport member = as;
    member.name = fused.description.members[n].name;
    const auto source = without_lowest(fused.members[n], dropped, backbone);
    write_adapterhub_adapter(out / member.name, member, source.spec, *source.adapter, backbone);
    names.push_back(member.name);
    written.push_back((out / member.name).string());
  }
  AdapterHubExport fusion = as;
  fusion.name.clear();
  for (const auto& name : names) fusion.name += (fusion.name.empty() ? "" : ",") + name;
  write_adapterhub_fusion(out / fusion.name, fusion, {fused.description.options, names}, *fused.fusion,
                          backbone);
  written.push_back((out / fusion.name).string());
  if (!fused.head) return written;
  const fs::path head_folder = out / ("head_" + task.description.name);
  write_adapterhub_head(head_folder, as, *fused.head, backbone.info());
  written.push_back(head_folder.string());
  return written;
}

// The folder that holds another one, which may be given as "adapter", "adapter/" or ".".
fs::path folder_around(const fs::path& folder) {
  const auto around = (folder / "..").lexically_normal();
  return around.has_filename() ? around : around.parent_path();
}

}  // namespace

void check_export(const AdapterSpec& adapter, const HeadSpec& head, const BackboneInfo& info) {
  adapterhub_config(adapter, info);
  adapterhub_head_config(head);
}

void check_export(const FusedTask& fused, const BackboneInfo& info) {
  if (!fused.description.kept.empty()) {
    throw ValueError("export",
                     "AdapterHub's fusions attend over the same adapters in every layer, and this one is "
                     "pruned; export the fusion it was made from");
  }
  std::set<std::pair<bool, bool>> slots;
  for (const auto& member : fused.members) {
    adapterhub_config(member.spec, info);
    const auto* bottleneck = std::get_if<BottleneckOptions>(&member.spec.site);
    if (bottleneck) slots.emplace(bottleneck->mh_adapter, bottleneck->output_adapter);
  }
  if (slots.size() > 1) {
    throw ValueError(
        "export",
        "AdapterHub fuses adapters of the same mh_adapter and output_adapter only; fuse such, or "
        "take 'export' away");
  }
  if (fused.head) adapterhub_head_config(fused.head->spec());
}

void export_adapter(const fs::path& out, const TaskDescription& description, const TaskAdapter& adapter,
                    const Head* head, Backbone& backbone, bool safetensors) {
  const AdapterHubExport as{description.name, description.backbone.name, safetensors};
  write_adapterhub_adapter(out, as, description.adapter, adapter, backbone);
  if (head) write_adapterhub_head(out, as, *head, backbone.info());
}

std::vector<std::string> export_adapterhub(const TrainedTask& task, Backbone& backbone, const fs::path& out,
                                           bool safetensors) {
  if (task.fused)
    return export_fusion(task, backbone, out,
                         {task.description.name, task.description.backbone.name, safetensors});
  export_adapter(out, task.description, *task.adapter, task.head.get(), backbone, safetensors);
  return {out.string()};
}

int export_trained(const ExportFlags& flags, Console& console) {
  TrainedTaskQuery query;
  query.path = flags.folder;
  if (!flags.task.empty()) query.tasks = {flags.task};
  query.model = flags.model;
  query.allow_backbone_mismatch = flags.allow_backbone_mismatch;
  query.needs_head = false;
  const auto opened = open_trained_tasks(query);
  if (opened.tasks.size() > 1) throw UsageError("--task all: one task is exported at a time");
  const auto& task = opened.tasks.front();
  fs::path out = flags.output;
  std::optional<FolderLock> lock;
  if (flags.output.empty()) {
    const auto around = folder_around(task.folder);
    out = (around / "export" / flags.format).lexically_normal();
    lock.emplace(lock_output(around));
  }
  const auto folders = export_adapterhub(task, *opened.backbone, out, flags.safetensors);
  console.done("wrote " + joined(folders, "\nwrote "),
               {{"task", task.description.name}, {"format", flags.format}, {"folders", folders}});
  return 0;
}

}  // namespace adaptune
