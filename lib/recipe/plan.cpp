#include "recipe/plan.h"

#include <nlohmann/json.hpp>

#include "train/schedule.h"
#include "train/trainer.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

int64_t trainable(const std::vector<PartCount>& parts) {
  int64_t count = 0;
  for (const auto& part : parts) count += part.trainable;
  return count;
}

// Checkpoints a training leaves at most, beside the best one.
int64_t kept_checkpoints(const TrainOptions& options, int64_t examples) {
  if (options.save_total_limit) return *options.save_total_limit;
  const int64_t steps = total_steps(options, examples);
  return (options.save_steps ? steps / *options.save_steps : 0) + options.num_train_epochs;
}

ordered_json as_json(const Plan& plan, const TaskData& data) {
  ordered_json examples = {{"train", data.train.rows->size()}};
  if (data.validation) examples["validation"] = data.validation->rows->size();
  ordered_json parts = ordered_json::array();
  for (const auto& part : plan.parts) {
    parts.push_back({{"part", part.part},
                     {"where", part.where},
                     {"parameters", part.parameters},
                     {"trainable", part.trainable}});
  }
  const auto& options = *plan.task->options;
  const int64_t steps = total_steps(options, data.train.rows->size());
  return {{"task", plan.task->task->name},
          {"examples", examples},
          {"labels", data.head.labels},
          {"parts", parts},
          {"total_steps", steps},
          {"warmup_steps", warmup_steps(options, steps)},
          {"cache_bytes", plan.states.bytes}};
}

}  // namespace

int report_plans(const Run& run, Workspace& workspace, const std::vector<Plan>& plans, Console& console) {
  console.say(header_text(run, workspace));
  ordered_json results = ordered_json::array();
  for (const auto& plan : plans) {
    const TaskConfig& task = *plan.task->task;
    const auto& data = workspace.data(task);
    console.detail(files_text(task, data, *plan.task->options));
    console.say("\n" + data_text(task, data) + "\n");
    if (!console.json()) console.result(parameter_table(plan.parts));
    console.say("\n" + schedule_text(*plan.task->options, data.train.rows->size()));
    if (!plan.states.text.empty()) console.say(plan.states.text);
    results.push_back(as_json(plan, data));
  }
  if (console.json()) console.result(ordered_json{{"tasks", results}}.dump(2) + "\n");
  console.say("\nall checks passed; nothing was trained");
  return 0;
}

uint64_t needed_disk_bytes(Workspace& workspace, const std::vector<Plan>& plans) {
  int64_t bytes = 16 << 20;  // logs, tables, configuration
  for (const auto& plan : plans) {
    const int64_t examples = workspace.data(*plan.task->task).train.rows->size();
    const int64_t checkpoints =
        kept_checkpoints(*plan.task->options, examples) + 2;  // the best, the one being written
    bytes += trainable(plan.parts) * 4 * (3 * checkpoints + 2);
  }
  return static_cast<uint64_t>(bytes);
}

}  // namespace adaptune
