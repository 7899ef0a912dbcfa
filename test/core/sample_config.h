#pragma once
// A small schema in the manner of the real ones, for the tests of the configuration reader.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config_node.h"
#include "core/error.h"

namespace adaptune {

struct SampleTrain {
  double learning_rate = 1e-4;
  double warmup_ratio = 0.06;
  double weight_decay = 0;
  int64_t num_train_epochs = 10;
  int64_t per_device_train_batch_size = 32;
  std::string optim = "adamw_torch";
  bool bf16 = false;
  std::optional<double> max_grad_norm = 1.0;
  std::optional<int64_t> max_steps;
  std::optional<std::string> report_to;
  std::optional<bool> greater_is_better;

  bool operator==(const SampleTrain&) const = default;
};

struct SampleAdapter {
  std::string config = "pfeiffer";
  std::map<std::string, double> reduction_factor = {{"default", 16}};
  std::optional<std::vector<int64_t>> layers;
  std::vector<int64_t> leave_out;

  bool operator==(const SampleAdapter&) const = default;
};

struct SampleTask {
  std::string type = "classification";
  std::string source_lang;
  std::vector<std::string> labels;
  std::vector<double> milestones;
  std::string train, validation;

  bool operator==(const SampleTask&) const = default;
};

struct SampleConfig {
  std::string model;
  SampleAdapter adapter;
  SampleTrain train;
  std::vector<std::pair<std::string, SampleTask>> tasks;
  std::vector<std::string> target_names;

  bool operator==(const SampleConfig&) const = default;
};

inline void read(ConfigNode node, SampleTrain& train) {
  node.read("learning_rate", train.learning_rate, positive());
  node.read("warmup_ratio", train.warmup_ratio, within(0, 1));
  node.read("weight_decay", train.weight_decay, non_negative());
  node.read("num_train_epochs", train.num_train_epochs);
  node.read("per_device_train_batch_size", train.per_device_train_batch_size, at_least(1));
  node.read("optim", train.optim, one_of({"adamw_torch", "adam_nmt", "sgd"}));
  node.read("bf16", train.bf16);
  node.read("max_grad_norm", train.max_grad_norm, positive());
  node.read("max_steps", train.max_steps, at_least(1));
  node.read("report_to", train.report_to);
  node.read("greater_is_better", train.greater_is_better);
}

inline void read(ConfigNode node, SampleAdapter& adapter) {
  node.read("config", adapter.config, one_of({"houlsby", "pfeiffer", "parallel", "lora"}));
  node.read("reduction_factor", adapter.reduction_factor, positive());
  node.read("layers", adapter.layers);
  node.read("leave_out", adapter.leave_out);
}

inline void read(ConfigNode node, SampleTask& task) {
  node.require("type");
  node.read("type", task.type);
  node.read("source_lang", task.source_lang);
  node.read("labels", task.labels);
  node.read("lr_milestones", task.milestones);
  auto data = node.child("data");
  data.read("train", task.train);
  data.read("validation", task.validation);
}

inline void read(ConfigNode root, SampleConfig& config) {
  root.require("model");
  root.read("model", config.model);
  read(root.section("adapter", "config"), config.adapter);
  read(root.child("train"), config.train);
  for (auto& [name, node] : root.child("tasks").entries()) {
    SampleTask task;
    read(node, task);
    config.tasks.emplace_back(name, task);
  }
  for (auto& node : root.child("targets").items()) {
    std::string name = "none";
    node.read("name", name);
    config.target_names.push_back(name);
  }
}

// What a document holds; its errors are thrown.
inline SampleConfig sample_of(ConfigDocument document) {
  SampleConfig config;
  read(document.root(), config);
  document.finish();
  return config;
}

inline SampleConfig sample_of(const std::string& yaml) {
  return sample_of(ConfigDocument::parse(yaml, "c.yaml"));
}

// The text of the UsageError that reading the document throws; empty when it is fine.
inline std::string errors_of(ConfigDocument document) {
  try {
    sample_of(std::move(document));
  } catch (const UsageError& error) {
    return error.code() == ExitCode::kUsage ? error.what() : "wrong exit code";
  }
  return "";
}

inline std::string errors_of(const std::string& yaml) {
  return errors_of(ConfigDocument::parse(yaml, "c.yaml"));
}

// The text of the one error that `yaml`, put below `model: m`, has. Its first line is line 2.
inline std::string error_of(const std::string& yaml) {
  const std::string text = errors_of("model: m\n" + yaml);
  const std::string end = "1 error; nothing was run";
  return text.ends_with(end) ? text.substr(0, text.size() - end.size()) : "not one error:\n" + text;
}

}  // namespace adaptune
