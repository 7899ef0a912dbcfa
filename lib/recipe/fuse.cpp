#include "recipe/fuse.h"

#include <algorithm>

#include "core/error.h"
#include "recipe/export.h"
#include "recipe/finished.h"
#include "recipe/fused_task.h"
#include "recipe/fusion_check.h"
#include "recipe/stage.h"

namespace adaptune {
namespace {

std::vector<PartCount> fused_parts(const TaskConfig& target, Backbone& backbone, const FusedTask& fused) {
  std::string names;
  for (const auto& member : fused.description.members) names += (names.empty() ? "" : ", ") + member.name;
  const int64_t own = parameter_count(*fused.fusion);
  return {{"backbone", "frozen", shape_count(backbone), 0},
          {"adapters", names + ", frozen", fused.fusion->member_parameters(), 0},
          {"fusion " + target.name, std::to_string(fused.fusion->fusions().size()) + " sites", own, own},
          head_count(target.name, *fused.head)};
}

// A fusion belongs to the adapters it was trained on.
std::string member_digests(const FusedTask& fused) {
  std::string text;
  for (const auto& member : fused.description.members) {
    text += "adapter " + member.name + ": sha256 " + member.sha256 + "\n";
  }
  return text;
}

StageTask stage_task(const Run& run, const std::string& target) {
  const auto folder = run.fusion_folder(target);
  StageTask planned{&run.config.task(target), &run.config.fusion.train, folder, {folder / "fusion"}};
  for (const auto& format : run.config.export_formats) planned.outputs.push_back(folder / "export" / format);
  return planned;
}

// The folder of a fusion, and with `export` those of another library. Returns the first one's size in bytes.
int64_t write_fusion(const Run& run, Workspace& workspace, const FusedTask& fused) {
  const auto& target = fused.description.target;
  const auto folder = run.fusion_folder(target.name);
  const auto bytes = write_fusion_directory(folder / "fusion", fused.description, *fused.fusion, *fused.head);
  TrainedTask task;
  task.description = target;
  task.fused = fused;
  for (const auto& format : run.config.export_formats)
    export_adapterhub(task, workspace.backbone(), folder / "export" / format);
  return bytes;
}

StageModel fresh_stage_model(const Run& run, Workspace& workspace, const TaskConfig& target) try {
  const auto fused = std::make_shared<FusedTask>(fresh_fusion(run, workspace, target));
  if (!run.config.export_formats.empty()) check_export(*fused, workspace.info());
  return {
      fused->fusion,
      fused->head,
      fused_parts(target, workspace.backbone(), *fused),
      fusion_identity(run.config, target) + member_digests(*fused),
      robust_drop(fused->description.options.drop, workspace.backbone().info().layers, "fusion.drop.layers"),
      [&run, &workspace, fused](const TaskDescription& description) {
        fused->description.target = description;
        return write_fusion(run, workspace, *fused);
      }};
} catch (const ValueError& error) {
  throw placed(target, error);
}

// The targets of the configuration, those asked for by name, and those of an earlier --target: all of them
// stay in the tables.
std::vector<std::string> known_targets(const Run& run, const std::vector<std::string>& asked) {
  auto names = run.config.fusion.targets;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const auto& name : asked) add(name);
  for (const auto& task : run.config.tasks) {
    if (read_finished(run.fusion_folder(task.name))) add(task.name);
  }
  return names;
}

}  // namespace

int fuse(const RunFlags& flags, Console& console) {
  const Run run = open_run(flags);
  Workspace workspace(run);
  Stage stage{"fuse", {}, {}, run.folder / "fusion", [&](const TaskConfig& target) {
                return fresh_stage_model(run, workspace, target);
              }};
  const auto& selected = flags.tasks.empty() ? run.config.fusion.targets : flags.tasks;
  for (const auto& name : selected) {
    stage.tasks.push_back(stage_task(run, name));
    stage.checks.emplace_back([&run, name] { check_fusion_cache(run, run.config.task(name)); });
  }
  for (const auto& name : known_targets(run, selected)) stage.known.push_back(stage_task(run, name));
  return run_stage(run, workspace, stage, console);
}

}  // namespace adaptune
