#include "recipe/fuse.h"

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

StageModel fresh_stage_model(const Run& run, Workspace& workspace, const TaskConfig& target) {
  const auto fused = std::make_shared<FusedTask>(fresh_fusion(run, workspace, target));
  const auto folder = run.fusion_folder(target.name) / "fusion";
  return {fused->fusion, fused->head, fused_parts(target, workspace.backbone(), *fused),
          [=](const TaskDescription& description) {
            fused->description.target = description;
            return write_fusion_directory(folder, fused->description, *fused->fusion, *fused->head);
          }};
}

}  // namespace

int fuse(const RunFlags& flags, Console& console) {
  const Run run = open_run(flags);
  Workspace workspace(run);
  Stage stage{"fuse", {}, run.folder / "fusion", [&](const TaskConfig& target) {
                return fresh_stage_model(run, workspace, target);
              }};
  for (const auto& name : flags.tasks.empty() ? run.config.fusion.targets : flags.tasks) {
    const auto& target = run.config.task(name);
    const auto folder = run.fusion_folder(name);
    stage.tasks.push_back(
        {&target, &run.config.fusion.train, folder, folder / "fusion", fusion_identity(run.config, target)});
  }
  return run_stage(run, workspace, stage, console);
}

}  // namespace adaptune
