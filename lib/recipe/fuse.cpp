#include "recipe/fuse.h"

#include "core/error.h"
#include "recipe/fused_task.h"
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
  return {&run.config.task(target), &run.config.fusion.train, folder, {folder / "fusion"}};
}

StageModel fresh_stage_model(const Run& run, Workspace& workspace, const TaskConfig& target) try {
  const auto fused = std::make_shared<FusedTask>(fresh_fusion(run, workspace, target));
  const auto folder = run.fusion_folder(target.name) / "fusion";
  return {
      fused->fusion,
      fused->head,
      fused_parts(target, workspace.backbone(), *fused),
      fusion_identity(run.config, target) + member_digests(*fused),
      robust_drop(fused->description.options.drop, workspace.backbone().info().layers, "fusion.drop.layers"),
      [=](const TaskDescription& description) {
        fused->description.target = description;
        return write_fusion_directory(folder, fused->description, *fused->fusion, *fused->head);
      }};
} catch (const ValueError& error) {
  throw placed(target, error);
}

}  // namespace

int fuse(const RunFlags& flags, Console& console) {
  const Run run = open_run(flags);
  Workspace workspace(run);
  Stage stage{"fuse", {}, {}, run.folder / "fusion", [&](const TaskConfig& target) {
                return fresh_stage_model(run, workspace, target);
              }};
  const auto& targets = run.config.fusion.targets;
  for (const auto& name : flags.tasks.empty() ? targets : flags.tasks)
    stage.tasks.push_back(stage_task(run, name));
  for (const auto& name : targets) stage.known.push_back(stage_task(run, name));
  return run_stage(run, workspace, stage, console);
}

}  // namespace adaptune
