#include "train/training_log.h"

#include <string>
#include <utility>
#include <vector>

namespace adaptune {
namespace {

using NamedValues = std::vector<std::pair<std::string, std::optional<double>>>;

NamedValues values_of(const TrainProgress& progress) {
  return {{"loss", progress.loss},
          {"lr", progress.learning_rate},
          {"grad_norm", progress.grad_norm},
          {"ex_s", progress.examples_per_second},
          {"tok_s", progress.tokens_per_second},
          {"mem_gib", progress.memory_gib}};
}

std::vector<std::pair<std::string, double>> scalars(const std::string& group, const NamedValues& values) {
  std::vector<std::pair<std::string, double>> defined;
  for (const auto& [name, value] : values) {
    if (value) defined.emplace_back(group + "/" + name, *value);
  }
  return defined;
}

}  // namespace

TrainingLog::TrainingLog(const std::filesystem::path& folder, int64_t resumed_step, int64_t evaluated_step,
                         bool tensorboard)
    : lines_(folder / "metrics.jsonl", resumed_step, [=](const nlohmann::ordered_json& record) {
        return !record.contains("eval_loss") || record["step"] <= evaluated_step;
      }) {
  if (tensorboard) events_.emplace(folder / "tb", resumed_step);
}

void TrainingLog::write(const TrainProgress& progress) {
  const auto values = values_of(progress);
  nlohmann::ordered_json record = {{"step", progress.step}, {"epoch", progress.epoch}};
  for (const auto& [name, value] : values) {
    if (value) record[name] = *value;
  }
  lines_.append(record);
  if (events_) events_->write(progress.step, scalars("train", values));
}

void TrainingLog::write(const EvalProgress& progress, double epoch) {
  nlohmann::ordered_json record = {{"step", progress.step}, {"epoch", epoch}};
  for (const auto& [name, value] : progress.scores) {
    record["eval_" + name] = value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
  }
  record["best"] = progress.best;
  lines_.append(record);
  if (events_) events_->write(progress.step, scalars("eval", progress.scores));
}

}  // namespace adaptune
