#include "recipe/run_config.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/text_distance.h"
#include "metric/metric.h"
#include "model/task_description.h"

namespace adaptune {
namespace {

constexpr double kFusionLearningRate = 5e-5;  // AdapterHub's training advice

// Missing files are errors of the configuration: they are known before anything runs.
void check_files(ConfigNode node, const std::string& key, const std::vector<std::string>& files) {
  if (!node.has(key)) return;
  for (const auto& file : files) {
    if (std::filesystem::is_regular_file(file)) continue;
    const bool folder = std::filesystem::is_directory(file);
    node.error_at(key, "'" + std::filesystem::absolute(file).lexically_normal().string() +
                           (folder ? "' is a folder, not a file" : "' does not exist"));
  }
}

void check_model(ConfigNode root, const std::string& model) {
  if (model.empty() || !root.has("model")) return;
  const auto path = std::filesystem::absolute(model).lexically_normal();
  if (std::filesystem::is_regular_file(path / "config.json")) return;
  const bool exists = std::filesystem::is_directory(path);
  root.error_at("model", "'" + path.string() + (exists ? "' has no config.json" : "' does not exist") +
                             "; 'model' is a Hugging Face model folder");
}

void read_data(ConfigNode node, DataConfig& data) {
  node.foreign_names({{"train_file", "train"},
                      {"validation_file", "validation"},
                      {"test_file", "test"},
                      {"dev", "validation"},
                      {"max_length", "max_seq_length"}});
  node.read("train", data.train);
  node.read("validation", data.validation);
  node.read("test", data.test);
  node.read("max_seq_length", data.max_seq_length, at_least(3));
  node.read("truncation", data.truncation, one_of({"longest_first", "only_first", "only_second"}));
  node.read("max_train_samples", data.max_train_samples, at_least(1));
  node.read("max_eval_samples", data.max_eval_samples, at_least(1));
  node.read("quoted", data.quoted);
  check_files(node, "train", data.train);
  check_files(node, "validation", data.validation);
  check_files(node, "test", data.test);
}

void check_metrics(ConfigNode node, const TaskConfig& task) {
  for (const auto& name : task.metrics) {
    if (const auto wrong = one_of(metric_names())(name)) {
      node.error_at("metric", "metric '" + name + "' is not known", *wrong);
      continue;
    }
    const auto& types = metric_by_name(name).head_types;
    if (std::find(types.begin(), types.end(), task.head.type) != types.end()) continue;
    node.error_at("metric", "metric '" + name + "' does not score the task type '" + task.head.type + "'");
  }
}

void check_name(ConfigNode node, const std::string& name) {
  const bool fine = !name.empty() && name.find_first_of("./,\\ \t") == std::string::npos;
  if (!fine) node.error("task name '" + name + "' must not be empty or hold blanks, '.', ',' or '/'");
}

// `defaults` hold what the run says for every task.
TaskConfig read_task(ConfigNode node, const std::string& name, const TaskConfig& defaults) {
  TaskConfig task = defaults;
  task.name = name;
  task.place = node.place();
  check_name(node, name);
  node.require("type");
  node.read("type", task.head.type, one_of(head_types()));
  node.read("text", task.text);
  node.read("label", task.label);
  node.read("tokens", task.tokens);
  node.read("labels", task.head.labels);
  if (task.text.size() > 2) node.error_at("text", "'text' names one column or two");
  if (std::set<std::string>(task.head.labels.begin(), task.head.labels.end()).size() !=
      task.head.labels.size()) {
    node.error_at("labels", "'labels' names a label twice");
  }
  if (task.head.labels.size() == 1) node.error_at("labels", "'labels' needs at least two labels");
  read_head_spec(node.child("head"), task.head);
  const auto types = head_types();
  if (task.metrics.empty() && std::find(types.begin(), types.end(), task.head.type) != types.end()) {
    task.metrics = {default_metric(task.head.type)};
  }
  node.read("metric", task.metrics);
  check_metrics(node, task);
  read_adapter_spec(node, "adapter", task.adapter);
  read_data(node.child("data"), task.data);
  read_train_options(node.child("train"), task.train);
  if (task.data.train.empty())
    node.error("task '" + name + "' has no 'data.train'", "write 'data: {train: ...}'");
  return task;
}

void read_tasks(ConfigNode root, const TaskConfig& defaults, RunConfig& config) {
  if (root.has("task") && root.has("tasks")) root.error_at("task", "'task' and 'tasks' exclude each other");
  if (root.has("task")) {
    auto node = root.child("task");
    std::string name = "task";
    node.read("name", name);
    config.tasks.push_back(read_task(node, name, defaults));
    return;
  }
  if (!root.has("tasks")) root.require("task");
  for (auto& [name, node] : root.child("tasks").entries())
    config.tasks.push_back(read_task(node, name, defaults));
}

void read_members(ConfigNode node, const std::vector<TaskConfig>& tasks, std::vector<FusionMember>& members) {
  const auto add_named = [&](const std::string& name, ConfigNode& place) {
    const bool known =
        std::any_of(tasks.begin(), tasks.end(), [&](const auto& task) { return task.name == name; });
    if (!known)
      place.error("fusion adapter '" + name + "' is not a task of this run",
                  "an adapter elsewhere is written '" + name + ": folder'");
    members.push_back({name, ""});
  };
  const auto add_paths = [&](ConfigNode& mapping) {
    for (auto& [name, path] : mapping.entries()) members.push_back({name, path.scalar()});
  };
  for (auto& item : node.items()) {
    if (item.is_mapping()) {
      add_paths(item);
    } else if (const std::string name = item.scalar(); name == "all") {
      for (const auto& task : tasks) members.push_back({task.name, ""});
    } else {
      add_named(name, item);
    }
  }
  if (!node.defined()) {
    for (const auto& task : tasks) members.push_back({task.name, ""});
  }
}

void read_fusion(ConfigNode node, RunConfig& config, const TrainOptions& defaults) {
  auto& fusion = config.fusion;
  fusion.train = defaults;
  fusion.train.learning_rate = kFusionLearningRate;
  read_fusion_options(node, fusion.options);
  read_members(node.child("adapters"), config.tasks, fusion.members);
  for (const auto& task : config.tasks) fusion.targets.push_back(task.name);
  node.read("targets", fusion.targets);
  for (const auto& target : fusion.targets) {
    const bool known = std::any_of(config.tasks.begin(), config.tasks.end(),
                                   [&](const auto& task) { return task.name == target; });
    if (!known) node.error_at("targets", "fusion target '" + target + "' is not a task of this run");
  }
  node.read("include_target", fusion.include_target);
  std::string head = fusion.warm_head ? "warm" : "new";
  node.read("head", head, one_of({"new", "warm"}));
  fusion.warm_head = head == "warm";
  read_train_options(node.child("train"), fusion.train);
}

// Keys of `train` that a second run into the same folder may change.
bool may_differ(const std::string& line) {
  static const std::set<std::string> keys = {"num_train_epochs",
                                             "max_steps",
                                             "logging_steps",
                                             "report_to",
                                             "save_strategy",
                                             "save_steps",
                                             "save_total_limit",
                                             "early_stopping_patience",
                                             "early_stopping_threshold",
                                             "per_device_eval_batch_size",
                                             "max_skipped_steps"};
  const auto start = line.find_first_not_of(' ');
  if (start == std::string::npos) return true;
  return keys.count(line.substr(start, line.find(':') - start)) > 0;
}

std::string without_free_keys(const std::string& resolved) {
  std::istringstream lines(resolved);
  std::string text, line;
  while (std::getline(lines, line)) {
    if (!may_differ(line)) text += line + "\n";
  }
  return text;
}

// Fills `document` with what decides a task's result by reading a filled struct from an empty document.
void record_task(ConfigNode root, const RunConfig& config, TaskConfig task) {
  std::string model = config.model;
  root.read("model", model);
  auto node = root.child("task");
  read_task(node, task.name, task);
}

}  // namespace

const TaskConfig& RunConfig::task(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& task : tasks) {
    if (task.name == name) return task;
    names.push_back(task.name);
  }
  std::string message = "task '" + name + "' is not in this configuration; it has:";
  for (const auto& known : names) message += " " + known;
  if (const auto near = nearest_name(name, names)) message += "; did you mean '" + *near + "'?";
  throw UsageError(message);
}

RunConfig read_run_config(ConfigNode root) {
  RunConfig config;
  config.output_dir = "runs";
  root.require("model");
  root.read("model", config.model);
  check_model(root, config.model);
  root.read("output_dir", config.output_dir);
  root.read("export", config.export_formats);
  for (const auto& format : config.export_formats) {
    if (format != "adapterhub")
      root.error_at("export", "export format '" + format + "' is not known", "known: adapterhub");
  }
  TaskConfig defaults;
  read_adapter_spec(root, "adapter", defaults.adapter);
  read_data(root.child("data"), defaults.data);
  read_train_options(root.child("train"), defaults.train);
  read_tasks(root, defaults, config);
  read_fusion(root.child("fusion"), config, defaults.train);
  return config;
}

bool backbone_dropout(const TaskConfig& task) {
  return task.train.backbone_dropout.value_or(adapter_method(task.adapter.method).backbone_dropout);
}

LabelKind label_kind(const std::string& head_type) {
  if (head_type == "multilabel_classification") return LabelKind::kLabelSet;
  if (head_type == "regression") return LabelKind::kNumber;
  return head_type == "tagging" ? LabelKind::kTags : LabelKind::kClass;
}

DatasetOptions dataset_options(const TaskConfig& task, std::optional<int64_t> max_samples) {
  DatasetOptions options;
  options.kind = label_kind(task.head.type);
  options.text = task.text;
  options.label = task.label;
  options.tokens = task.tokens;
  options.quoted_tsv = task.data.quoted;
  options.max_samples = max_samples.value_or(0);
  return options;
}

EncodingOptions encoding_options(const DataConfig& data) {
  EncodingOptions options;
  options.max_length = data.max_seq_length;
  options.truncation = data.truncation == "only_first"    ? Truncation::kOnlyFirst
                       : data.truncation == "only_second" ? Truncation::kOnlySecond
                                                          : Truncation::kLongestFirst;
  return options;
}

std::string task_identity(const RunConfig& config, const TaskConfig& task) {
  auto document = ConfigDocument::empty();
  record_task(document.root(), config, task);
  return without_free_keys(document.resolved());
}

std::string fusion_identity(const RunConfig& config, const TaskConfig& target) {
  auto document = ConfigDocument::empty();
  record_task(document.root(), config, target);
  auto node = document.root().child("fusion");
  auto fusion = config.fusion;
  read_fusion_options(node, fusion.options);
  node.read("include_target", fusion.include_target);
  node.read("warm_head", fusion.warm_head);
  std::vector<std::string> members;
  for (const auto& member : fusion.members)
    members.push_back(member.name + (member.path.empty() ? "" : "=" + member.path));
  node.read("adapters", members);
  read_train_options(node.child("train"), fusion.train);
  return without_free_keys(document.resolved());
}

}  // namespace adaptune
