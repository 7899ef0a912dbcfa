#include "recipe/fuse.h"

#include <algorithm>

#include "core/error.h"
#include "core/joined.h"
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
  const bool combines = fused.fusion->combination() != nullptr;
  const std::string how = combines ? fused.description.options.combination
                                   : std::to_string(fused.fusion->fusions().size()) + " sites";
  int64_t trained = 0;  // of the backbone; the fusion owns them
  for (const auto& tensor : fused.fusion->overridden()) trained += tensor.trained.numel();
  return {{"backbone", trained > 0 ? "in the fusion" : "frozen", shape_count(backbone) - trained, 0},
          {"adapters", names + ", frozen", fused.fusion->member_parameters(), 0},
          {"fusion " + target.name, how, own, own},
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

// Tasks of the run whose adapters the fusion for a target needs.
std::vector<std::string> needed_tasks(const Run& run, const TaskConfig& target) try {
  std::vector<std::string> names;
  for (const auto& member : fusion_members(run.config.fusion, target.name)) {
    if (member.path.empty()) names.push_back(member.name);
  }
  if (run.config.fusion.warm_head) names.push_back(target.name);
  return names;
} catch (const ValueError& error) {
  throw placed(target, error);
}

// Names all that are missing together.
void check_trained(const Run& run, const std::vector<std::string>& targets) {
  std::vector<std::string> missing, words;
  for (const auto& target : targets) {
    for (const auto& name : needed_tasks(run, run.config.task(target))) {
      if (adapter_format(run.task_folder(name) / "adapter")) continue;
      if (std::find(missing.begin(), missing.end(), name) == missing.end()) missing.push_back(name);
    }
  }
  if (missing.empty()) return;
  for (const auto& name : missing) words.insert(words.end(), {"--task", name});
  throw InputError(std::filesystem::absolute(run.folder).string() +
                   ": the fusion needs adapters that are not trained yet: " + joined(missing) +
                   "; train them first: " + command_text(run, "train", words));
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
    if (read_finished(stage_task(run, task.name))) add(task.name);
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
  stage.checks.emplace_back([&run, &selected] { check_trained(run, selected); });
  for (const auto& name : known_targets(run, selected)) stage.known.push_back(stage_task(run, name));
  return run_stage(run, workspace, stage, console);
}

}  // namespace adaptune
