#include "recipe/train.h"

#include <torch/torch.h>

#include <sstream>

#include "core/error.h"
#include "core/joined.h"
#include "model/task_directory.h"
#include "recipe/adapter_source.h"
#include "recipe/export.h"
#include "recipe/fusion_check.h"
#include "recipe/stage.h"

namespace adaptune {
namespace {

// The folder of an adapter; of a run, that of the same task's.
std::filesystem::path source_folder(const TaskConfig& task) {
  const std::filesystem::path folder = task.adapter.load, own = folder / task.name / "adapter";
  return is_task_directory(own) ? own : folder;
}

// Methods may share their tensors, as those of AdapterHub's names with the papers' do.
void load_adapter_parameters(const TaskConfig& task, const SourcedAdapter& source, TaskAdapter& adapter) try {
  load_parameters(adapter, parameter_map(*source.adapter), task.adapter.load);
} catch (const InputError&) {
  const auto& found = source.spec.method;
  if (found == task.adapter.method) throw;
  const ValueError error("adapter.load", source_folder(task).string() + " holds an adapter of the method '" +
                                             found + "', and adapter.config asks for '" +
                                             task.adapter.method + "'; write adapter.config: " + found +
                                             ", or load another folder");
  throw InputError(placed(task, error).what());
}

// Of what the shapes of an adapter's weights do not tell: keys of `adapter` and their values.
std::vector<std::pair<std::string, std::string>> untold(const KnowledgeOptions& options,
                                                        const BackboneInfo& info) {
  const auto shape = knowledge_shape(options, info.layers, info.hidden_size);
  std::vector<std::string> positions;
  for (const int64_t position : shape.positions) positions.push_back(std::to_string(position));
  return {{"layers", "[" + joined(positions) + "]"},
          {"adapter_heads", std::to_string(shape.inner_heads)},
          {"non_linearity", options.non_linearity},
          {"layer_norm_eps", (std::ostringstream() << options.layer_norm_eps).str()},
          {"chaining", options.chaining},
          {"mask_padding", options.mask_padding ? "true" : "false"}};
}

void check_same_function(const TaskConfig& task, const SourcedAdapter& source, const BackboneInfo& info) {
  const auto* own = std::get_if<KnowledgeOptions>(&task.adapter.site);
  const auto* found = std::get_if<KnowledgeOptions>(&source.spec.site);
  if (own == nullptr || found == nullptr) return;
  const auto here = untold(*own, info), there = untold(*found, info);
  for (size_t i = 0; i < here.size(); ++i) {
    const auto& [key, value] = there[i];
    if (here[i].second == value) continue;
    const ValueError error("adapter.load", source_folder(task).string() + " holds an adapter with " + key +
                                               " " + value + ", here it is " + here[i].second +
                                               "; write adapter." + key + ": " + value);
    throw InputError(placed(task, error).what());
  }
}

// The weights that training starts from. A head for the same labels goes on too; for others it is a new one.
void load_start(const Run& run, Workspace& workspace, const TaskConfig& task, TaskAdapter& adapter,
                Head& head) {
  const auto source = load_adapter(source_folder(task), workspace.backbone(), workspace.identity(),
                                   torch::kCPU, run.flags.allow_backbone_mismatch);
  check_same_function(task, source, workspace.info());
  load_adapter_parameters(task, source, adapter);
  if (source.head && source.head->spec() == head.spec())
    load_parameters(head, parameter_map(*source.head), task.adapter.load);
}

StageModel fresh_adapter(const Run& run, Workspace& workspace, const TaskConfig& task) {
  torch::manual_seed(static_cast<uint64_t>(task.train.seed));
  auto& backbone = workspace.backbone();
  const auto adapter = std::make_shared<TaskAdapter>(task.adapter, backbone);
  const auto head = make_head(workspace.data(task).head, backbone.info());
  if (!task.adapter.load.empty()) load_start(run, workspace, task, *adapter, *head);
  adapter->to(run.device);
  head->to(run.device);
  const auto write = [&run, &backbone, adapter, head](const TaskDescription& description) {
    const auto folder = run.task_folder(description.name);
    const auto bytes = write_task_directory(folder / "adapter", description, *adapter, *head);
    for (const auto& format : run.config.export_formats) {
      export_adapter(folder / "export" / format, description, *adapter, head.get(), backbone);
    }
    return bytes;
  };
  return {adapter,
          head,
          part_counts(task, backbone, *adapter, *head),
          task_identity(run.config, task),
          robust_drop(task.adapter.drop, backbone.info().layers, "adapter.drop.layers"),
          write};
}

void check_task_export(Workspace& workspace, const TaskConfig& task) try {
  check_export(task.adapter, task.head, workspace.info());
} catch (const ValueError& error) {
  throw placed(task, error);
}

StageTask stage_task(const Run& run, const TaskConfig& task) {
  const auto folder = run.task_folder(task.name);
  StageTask planned{&task, &task.train, folder, {folder / "adapter"}};
  for (const auto& format : run.config.export_formats) planned.outputs.push_back(folder / "export" / format);
  return planned;
}

// Those with an adapter of their own. UsageError where one is named that has none.
std::vector<const TaskConfig*> trained_tasks(const Run& run) {
  std::vector<const TaskConfig*> tasks;
  for (const auto* task : run.selected_tasks()) {
    if (!task->only_target) {
      tasks.push_back(task);
    } else if (!run.flags.tasks.empty()) {
      throw UsageError("--task " + task->name + ": it is a target of the fusion and nothing else; " +
                       command_text(run, "fuse", {"--target", task->name}));
    }
  }
  return tasks;
}

}  // namespace

int train(const RunFlags& flags, Console& console) {
  const Run run = open_run(flags);
  Workspace workspace(run);
  Stage stage{"train", {}, {}, run.folder, [&](const TaskConfig& task) {
                return fresh_adapter(run, workspace, task);
              }};
  const auto tasks = trained_tasks(run);
  for (const auto* task : tasks) stage.tasks.push_back(stage_task(run, *task));
  for (const auto& task : run.config.tasks) {
    if (!task.only_target) stage.known.push_back(stage_task(run, task));
  }
  stage.checks = fusion_checks(run, workspace);
  for (const auto* task : tasks) {
    if (!run.config.export_formats.empty())
      stage.checks.emplace_back([&workspace, task] { check_task_export(workspace, *task); });
  }
  return run_stage(run, workspace, stage, console);
}

}  // namespace adaptune
