#include "recipe/export.h"

#include <filesystem>

#include "core/error.h"
#include "interop/adapterhub_writer.h"
#include "recipe/adapter_source.h"
#include "recipe/trained_task.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

// Member folders are named by their adapters and the fusion by all of them, as the library's own
// save_adapter_setup does.
std::vector<std::string> export_fusion(const TrainedTask& task, Backbone& backbone, const fs::path& out,
                                       const AdapterHubExport& as) {
  std::vector<std::string> written, names;
  const auto& fused = *task.fused;
  for (size_t n = 0; n < fused.description.members.size(); ++n) {
    AdapterHubExport member = as;
    member.name = fused.description.members[n].name;
    write_adapterhub_adapter(out / member.name, member, fused.members[n].spec, *fused.members[n].adapter,
                             backbone);
    names.push_back(member.name);
    written.push_back((out / member.name).string());
  }
  AdapterHubExport fusion = as;
  fusion.name.clear();
  for (const auto& name : names) fusion.name += (fusion.name.empty() ? "" : ",") + name;
  write_adapterhub_fusion(out / fusion.name, fusion, {fused.description.options, names}, *fused.fusion,
                          backbone);
  written.push_back((out / fusion.name).string());
  const std::string head = task.description.name;
  const fs::path head_folder = out / ("head_" + head);
  write_adapterhub_head(head_folder, as, *fused.head, backbone.info());
  written.push_back(head_folder.string());
  return written;
}

}  // namespace

void export_adapter(const fs::path& out, const TaskDescription& description, const TaskAdapter& adapter,
                    const Head& head, Backbone& backbone, bool safetensors) {
  const AdapterHubExport as{description.name, description.backbone.name, safetensors};
  write_adapterhub_adapter(out, as, description.adapter, adapter, backbone);
  write_adapterhub_head(out, as, head, backbone.info());
}

std::vector<std::string> export_adapterhub(const TrainedTask& task, Backbone& backbone, const fs::path& out,
                                           bool safetensors) {
  if (task.fused)
    return export_fusion(task, backbone, out,
                         {task.description.name, task.description.backbone.name, safetensors});
  export_adapter(out, task.description, *task.adapter, *task.head, backbone, safetensors);
  return {out.string()};
}

int export_trained(const ExportFlags& flags, Console& console) {
  TrainedTaskQuery query;
  query.path = flags.folder;
  if (!flags.task.empty()) query.tasks = {flags.task};
  query.model = flags.model;
  query.allow_backbone_mismatch = flags.allow_backbone_mismatch;
  const auto opened = open_trained_tasks(query);
  if (opened.tasks.size() > 1) throw UsageError("--task all: one task is exported at a time");
  const auto& task = opened.tasks.front();
  const fs::path out =
      flags.output.empty() ? task.folder.parent_path() / "export" / flags.format : fs::path(flags.output);
  for (const auto& folder : export_adapterhub(task, *opened.backbone, out, flags.safetensors))
    console.say("wrote " + folder);
  return 0;
}

}  // namespace adaptune
