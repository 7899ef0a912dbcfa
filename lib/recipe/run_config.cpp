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

// Folders of a run beside its tasks' own.
const std::set<std::string> kReservedNames = {"fusion"};

// The path in full, for messages.
std::string full_path(const std::string& path) {
  return path.empty() ? "" : std::filesystem::absolute(path).lexically_normal().string();
}

// Missing files and folders are errors of the configuration: they are known before anything runs.
void check_files(ConfigNode node, const std::string& key, const std::vector<std::string>& files) {
  if (!node.has(key)) return;
  for (const auto& file : files) {
    if (std::filesystem::is_regular_file(file)) continue;
    const bool folder = std::filesystem::is_directory(file);
    node.error_at(key, "'" + full_path(file) + (folder ? "' is a folder, not a file" : "' does not exist"));
  }
}

std::optional<std::string> folder_problem(const std::string& folder) {
  if (std::filesystem::is_directory(folder)) return std::nullopt;
  const bool file = std::filesystem::exists(folder);
  return "'" + full_path(folder) + (file ? "' is a file, not a folder" : "' does not exist");
}

// The section as it is written below `parent`: its `load` must be there.
void read_adapter(ConfigNode parent, AdapterSpec& spec) {
  read_adapter_spec(parent, "adapter", spec);
  auto node = parent.child("adapter");
  if (spec.load.empty() || !node.has("load")) return;
  if (const auto problem = folder_problem(spec.load)) node.error_at("load", *problem);
}

void check_model(ConfigNode root, const std::string& model) {
  if (model.empty() || !root.has("model")) return;
  const std::filesystem::path path = full_path(model);
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

// The section that says `key`: the own one, else that of the run.
ConfigNode saying(ConfigNode own, ConfigNode common, const std::string& key) {
  return own.has(key) ? own : common;
}

// The best state is chosen by the loss, or by a metric that is computed anyway.
void check_best_metric(ConfigNode own, ConfigNode common, const TrainOptions& options,
                       const TaskConfig& task) {
  const std::string key = "metric_for_best_model";
  if (!options.metric_for_best_model) return;
  auto names = task.metrics;
  names.push_back("loss");
  if (const auto wrong = one_of(names)(*options.metric_for_best_model)) {
    saying(own, common, key)
        .error_at(key, "'" + *options.metric_for_best_model + "' is not a metric of task '" + task.name + "'",
                  *wrong);
  }
}

void check_name(ConfigNode node, const std::string& name) {
  const bool fine = !name.empty() && name.find_first_of("./,\\ \t") == std::string::npos;
  if (!fine) {
    node.error_at("name", "task name '" + name + "' must not be empty or hold blanks, '.', ',' or '/'");
  } else if (kReservedNames.count(name) > 0) {
    node.error_at("name", "task name '" + name + "' is that of another folder of a run",
                  "choose another name");
  }
}

// `defaults` hold what the run says for every task, in its section `data` and so on of `run`.
TaskConfig read_task(ConfigNode node, const std::string& name, const TaskConfig& defaults, ConfigNode run) {
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
  read_adapter(node, task.adapter);
  read_data(node.child("data"), task.data);
  read_train_options(node.child("train"), task.train);
  check_best_metric(node.child("train"), run.child("train"), task.train, task);
  node.add_places(task.places);
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
    config.tasks.push_back(read_task(node, name, defaults, root));
    return;
  }
  if (!root.has("tasks")) root.require("task");
  for (auto& [name, node] : root.child("tasks").entries())
    config.tasks.push_back(read_task(node, name, defaults, root));
}

bool is_task(const std::vector<TaskConfig>& tasks, const std::string& name) {
  return std::any_of(tasks.begin(), tasks.end(), [&](const auto& task) { return task.name == name; });
}

// The members of a fusion in the order they are written.
class MemberReader {
 public:
  explicit MemberReader(const std::vector<TaskConfig>& tasks) : tasks_(tasks) {}

  std::vector<FusionMember> read(ConfigNode node) {
    for (auto& item : node.items()) read_item(item);
    if (!node.defined()) add_all(node);
    return members_;
  }

 private:
  void read_item(ConfigNode& item) {
    if (item.is_mapping()) {
      for (auto& [name, path] : item.entries()) add_folder(path, name);
    } else if (const std::string name = item.scalar(); name == "all") {
      add_all(item);
    } else {
      if (!is_task(tasks_, name))
        item.error("fusion adapter '" + name + "' is not a task of this run",
                   "an adapter elsewhere is written '" + name + ": folder'");
      add(item, {name, ""});
    }
  }

  void add_folder(ConfigNode& node, const std::string& name) {
    const std::string path = node.scalar();
    if (const auto problem = folder_problem(path))
      node.error("the folder of fusion adapter '" + name + "': " + *problem);
    add(node, {name, path});
  }

  void add_all(ConfigNode& place) {
    for (const auto& task : tasks_) add(place, {task.name, ""});
  }

  void add(ConfigNode& place, const FusionMember& member) {
    const bool twice = std::any_of(members_.begin(), members_.end(),
                                   [&](const FusionMember& other) { return other.name == member.name; });
    if (twice) place.error("fusion adapter '" + member.name + "' is named twice");
    members_.push_back(member);
  }

  const std::vector<TaskConfig>& tasks_;
  std::vector<FusionMember> members_;
};

void read_targets(ConfigNode node, const std::vector<TaskConfig>& tasks, std::vector<std::string>& targets) {
  for (const auto& task : tasks) targets.push_back(task.name);
  node.read("targets", targets);
  std::set<std::string> seen;
  for (const auto& target : targets) {
    if (!is_task(tasks, target))
      node.error_at("targets", "fusion target '" + target + "' is not a task of this run");
    if (!seen.insert(target).second)
      node.error_at("targets", "fusion target '" + target + "' is named twice");
  }
}

void read_fusion(ConfigNode root, const TrainOptions& defaults, RunConfig& config) {
  auto node = root.child("fusion");
  auto& fusion = config.fusion;
  fusion.train = defaults;
  fusion.train.learning_rate = kFusionLearningRate;
  read_fusion_options(node, fusion.options);
  fusion.members = MemberReader(config.tasks).read(node.child("adapters"));
  read_targets(node, config.tasks, fusion.targets);
  node.read("include_target", fusion.include_target);
  std::string head = fusion.warm_head ? "warm" : "new";
  node.read("head", head, one_of({"new", "warm"}));
  fusion.warm_head = head == "warm";
  read_train_options(node.child("train"), fusion.train);
  for (const auto& target : fusion.targets) {
    if (is_task(config.tasks, target))
      check_best_metric(node.child("train"), root.child("train"), fusion.train, config.task(target));
  }
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
  read_task(node, task.name, task, root);
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

std::string TaskConfig::place_of(std::string key) const {
  while (!places.contains(key)) {
    const size_t dot = key.rfind('.');
    if (dot == std::string::npos) return place;
    key.resize(dot);
  }
  return places.at(key);
}

UsageError placed(const TaskConfig& task, const ValueError& error) {
  return UsageError(task.place_of(error.key()) + ": error: " + error.what());
}

RunConfig read_run_config(ConfigNode root) {
  RunConfig config;
  config.output_dir = "runs";
  root.require("model");
  root.read("model", config.model, not_empty());
  check_model(root, config.model);
  root.read("output_dir", config.output_dir, not_empty());
  root.read("export", config.export_formats);
  for (const auto& format : config.export_formats) {
    if (format != "adapterhub")
      root.error_at("export", "export format '" + format + "' is not known", "known: adapterhub");
  }
  TaskConfig defaults;
  read_adapter(root, defaults.adapter);
  read_data(root.child("data"), defaults.data);
  read_train_options(root.child("train"), defaults.train);
  root.add_places(defaults.places);
  read_tasks(root, defaults, config);
  read_fusion(root, defaults.train, config);
  return config;
}

bool backbone_dropout(const TrainOptions& options, const AdapterSpec& adapter) {
  return options.backbone_dropout.value_or(adapter_method(adapter.method).backbone_dropout);
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
