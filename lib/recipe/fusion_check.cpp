#include "recipe/fusion_check.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/error.h"
#include "recipe/fused_task.h"

namespace adaptune {
namespace {

bool fuses_all(const FusionConfig& fusion, const std::vector<TaskConfig>& tasks) {
  return std::equal(fusion.members.begin(), fusion.members.end(), tasks.begin(), tasks.end(),
                    [](const FusionMember& member, const TaskConfig& task) {
                      return member.name == task.name && member.path.empty();
                    });
}

// A run's config.yaml and --print-config write the section with every default in it: that alone is no wish.
bool asks_for_fusion(const RunConfig& config) {
  if (config.tasks.empty()) return false;
  const auto& places = config.tasks.front().places;
  const auto& fusion = config.fusion;
  const bool chosen = !fuses_all(fusion, config.tasks) || fusion.targets.size() != config.tasks.size() ||
                      !fusion.include_target || fusion.warm_head;
  const bool printed = places.contains("fusion.include_target") && places.contains("fusion.head");
  return places.contains("fusion") && (chosen || !printed);
}

void check_target(const Run& run, Workspace& workspace, const TaskConfig& target) try {
  if (target.only_target) workspace.data(target);
  check_fusion_cache(run, target);
  fusion_members(run.config.fusion, target.name);
  const auto& drop = run.config.fusion.options.drop;
  fixed_drop(drop, workspace.info().layers, "fusion.drop.layers");
  robust_drop(drop, workspace.info().layers, "fusion.drop.layers");
} catch (const ValueError& error) {
  throw placed(target, error);
}

// At the place where the method is chosen: tasks that share the choice say the same, and it is told once.
void check_task_member(const TaskConfig& task, const FusionOptions& options) {
  const auto problem = fusion_problem(task.adapter, options);
  if (!problem) return;
  throw placed(task, ValueError(problem->key, "no adapter for the fusion (" + task.place_of("fusion").place +
                                                  "): " + problem->text));
}

void check_folder_member(const Run& run, Workspace& workspace, const FusionMember& member) {
  const auto source = load_adapter(member.path, workspace.backbone(), workspace.identity(), torch::kCPU,
                                   run.flags.allow_backbone_mismatch);
  if (const auto problem = fusion_problem(source.spec, run.config.fusion.options)) {
    throw placed(
        run.config.tasks.front(),
        ValueError("fusion.adapters", "'" + member.name + "' in " + member.path + ": " + problem->text));
  }
}

bool is_used(const FusionConfig& fusion, const FusionMember& member) {
  return std::any_of(fusion.targets.begin(), fusion.targets.end(), [&](const std::string& target) {
    return fusion.include_target || target != member.name;
  });
}

}  // namespace

// With dropout in the backbone its states are not the same twice.
void check_fusion_cache(const Run& run, const TaskConfig& target) {
  if (!run.config.cache.enabled || !fusion_backbone_dropout(run.config.fusion, target.adapter)) return;
  throw placed(run.config.cache_place,
               "states of a backbone with dropout cannot be kept, and the fusion for '" + target.name +
                   "' trains with it; fusion.train.backbone_dropout: false");
}

std::vector<RunCheck> fusion_checks(const Run& run, Workspace& workspace) {
  std::vector<RunCheck> checks;
  if (!asks_for_fusion(run.config)) return checks;
  for (const auto& target : run.config.fusion.targets)
    checks.emplace_back(
        [&run, &workspace, target] { check_target(run, workspace, run.config.task(target)); });
  for (const auto& member : run.config.fusion.members) {
    if (!is_used(run.config.fusion, member)) continue;
    checks.emplace_back([&run, &workspace, &member] {
      member.path.empty() ? check_task_member(run.config.task(member.name), run.config.fusion.options)
                          : check_folder_member(run, workspace, member);
    });
  }
  return checks;
}

}  // namespace adaptune
