#include "recipe/run_config.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "adapter/combination.h"
#include "core/error.h"
#include "core/text_distance.h"
#include "model/task_description.h"

namespace adaptune {
namespace {

constexpr double kFusionLearningRate = 5e-5;  // AdapterHub's training advice

void check_model(ConfigNode root, const std::string& model) {
  if (model.empty() || !root.has("model")) return;
  const auto path = std::filesystem::absolute(model).lexically_normal();
  if (std::filesystem::is_regular_file(path / "config.json")) return;
  const bool exists = std::filesystem::is_directory(path);
  root.error_at("model", "'" + path.string() + (exists ? "' has no config.json" : "' does not exist") +
                             "; 'model' is a Hugging Face model folder");
}

void read_tasks(ConfigNode root, const TaskConfig& defaults, const std::vector<std::string>& splits,
                RunConfig& config) {
  const auto add = [&](ConfigNode node, const std::string& name) {
    config.tasks.push_back(read_task(node, name, defaults, root));
    check_files(node.child("data"), config.tasks.back().data, splits);
  };
  if (root.has("task") && root.has("tasks")) root.error_at("task", "'task' and 'tasks' exclude each other");
  if (root.has("task")) {
    auto node = root.child("task");
    std::string name = "task";
    node.read("name", name);
    add(node, name);
    return;
  }
  if (!root.has("tasks")) root.require("task");
  for (auto& [name, node] : root.child("tasks").entries()) add(node, name);
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

// Tasks that are described where they are targets, and are nothing else.
void read_own_targets(ConfigNode root, ConfigNode node, const TaskConfig& defaults,
                      const std::vector<std::string>& splits, RunConfig& config) {
  for (auto& [name, target] : node.entries()) {
    if (is_task(config.tasks, name))
      target.error("fusion target '" + name + "' is a task of this run already", "targets: [" + name + "]");
    target.error_at_written({"adapter"}, "a target of its own has no adapter beside those of the fusion");
    target.error_at_written({"train"}, "a target of its own is trained by 'fusion.train'");
    config.tasks.push_back(read_task(target, name, defaults, root));
    config.tasks.back().only_target = true;
    check_files(target.child("data"), config.tasks.back().data, splits);
    config.fusion.targets.push_back(name);
  }
}

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

// `head: new | warm`
void read_fusion_head(ConfigNode node, bool& warm) {
  std::string head = warm ? "warm" : "new";
  node.read("head", head, one_of({"new", "warm"}));
  warm = head == "warm";
}

// The backbone's dropout in the fusions, where all targets' methods agree on it.
void record_fusion_dropout(ConfigNode node, const RunConfig& config) {
  const auto& train = config.fusion.train;
  std::set<bool> values;
  for (const auto& target : config.tasks)
    values.insert(fusion_backbone_dropout(config.fusion, target.adapter));
  if (!train.backbone_dropout && values.size() == 1) node.record_default("backbone_dropout", *values.begin());
}

// The pooled output is the backbone's alone.
void check_target_heads(ConfigNode node, const RunConfig& config) {
  if (config.fusion.options.combination.empty()) return;
  for (const auto& target : config.fusion.targets) {
    if (!is_task(config.tasks, target) || !config.task(target).head.use_pooler) continue;
    node.error_at_written({"targets", "config"},
                          "the head of target '" + target +
                              "' reads the pooled output, which knowledge adapters add "
                              "nothing to",
                          "head.use_pooler: false");
  }
}

// A warm head is the target's own.
void check_warm_heads(ConfigNode node, const RunConfig& config) {
  for (const auto& task : config.tasks) {
    if (config.fusion.warm_head && task.only_target)
      node.error_at("head", "a warm head starts from the target's own, and '" + task.name + "' has none",
                    "head: new");
  }
}

void read_fusion(ConfigNode root, const TaskConfig& defaults, const std::vector<std::string>& splits,
                 RunConfig& config) {
  auto node = root.section("fusion", "config");
  auto& fusion = config.fusion;
  fusion.train = defaults.train;
  fusion.train.learning_rate = kFusionLearningRate;
  const bool all_beside = std::all_of(config.tasks.begin(), config.tasks.end(), [](const TaskConfig& task) {
    return std::holds_alternative<KnowledgeOptions>(task.adapter.site);
  });
  if (all_beside && !config.tasks.empty()) fusion.options.combination = combination_names().front();
  read_fusion_options(node, fusion.options);
  fusion.members = MemberReader(config.tasks).read(node.child("adapters"));
  if (!node.has("adapters")) node.record_default("adapters", std::string("all"));
  auto targets = node.child("targets");
  targets.is_mapping() ? read_own_targets(root, targets, defaults, splits, config)
                       : read_targets(node, config.tasks, fusion.targets);
  node.read("include_target", fusion.include_target);
  read_fusion_head(node, fusion.warm_head);
  check_warm_heads(node, config);
  read_train_options(node.child("train"), fusion.train);
  drop_idle_options(node.child("train"), fusion.train);
  record_fusion_dropout(node.child("train"), config);
  node.child("train").inherits(root.child("train"));
  check_target_heads(node, config);
  for (const auto& target : fusion.targets) {
    if (is_task(config.tasks, target))
      check_best_metric(node.child("train"), root.child("train"), fusion.train, config.task(target));
  }
}

void read_cache(ConfigNode node, CacheConfig& cache) {
  node.read("enabled", cache.enabled);
  node.read("dir", cache.dir);
  node.read("dtype", cache.dtype, one_of({"float32", "bfloat16", "float16"}));
  node.read("max_gib", cache.max_gib, positive());
}

// With dropout in the backbone its states are not the same twice.
void check_cache(ConfigNode node, const RunConfig& config) {
  if (!config.cache.enabled) return;
  for (const auto& task : config.tasks) {
    if (task.only_target || !backbone_dropout(task.train, task.adapter)) continue;
    return node.error_at(
        "enabled",
        "states of a backbone with dropout cannot be kept, and task '" + task.name + "' trains with it",
        "train.backbone_dropout: false");
  }
}

// Keys of the run's sections that none of its trainings has a use for.
void check_idle_keys(ConfigNode root, TaskConfig defaults, const RunConfig& config) {
  const auto& tasks = config.tasks;
  if (std::none_of(tasks.begin(), tasks.end(), [](const auto& task) { return task.data.quoted; }))
    turn_off_idle_quotes(root.child("data"), defaults.data);
  std::vector<const TrainOptions*> trainings = {&config.fusion.train};
  for (const auto& task : tasks) {
    if (!task.only_target) trainings.push_back(&task.train);
  }
  drop_idle_options(root.child("train"), defaults.train, trainings);
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
void record_task(ConfigNode root, const RunConfig& config, const TaskConfig& task) {
  std::string model = config.model;
  root.read("model", model);
  auto node = root.child("task");
  read_task(node, task.name, task, root);
  if (config.cache.enabled) {
    std::string dtype = config.cache.dtype;
    root.child("cache").read("dtype", dtype);
  }
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

RunConfig read_run_config(ConfigNode root, const std::vector<std::string>& splits) {
  RunConfig config;
  config.output_dir = "runs";
  root.require("model");
  root.read("model", config.model, not_empty());
  check_model(root, config.model);
  root.read("output_dir", config.output_dir, not_empty());
  root.read("task_order", config.task_order, one_of({"sequential", "round_robin"}));
  root.read("export", config.export_formats);
  for (const auto& format : config.export_formats) {
    if (format != "adapterhub")
      root.error_at("export", "export format '" + format + "' is not known", "known: adapterhub");
  }
  TaskConfig defaults;
  read_adapter(root, defaults.adapter);
  read_data(root.child("data"), defaults.data);
  check_files(root.child("data"), defaults.data, splits);
  read_train_options(root.child("train"), defaults.train);
  if (!defaults.train.backbone_dropout)
    root.child("train").record_default("backbone_dropout",
                                       backbone_dropout(defaults.train, defaults.adapter));
  root.section("fusion", "config");  // its short form names a place, too
  root.add_places(defaults.places);
  read_tasks(root, defaults, splits, config);
  read_fusion(root, defaults, splits, config);
  check_idle_keys(root, defaults, config);
  read_cache(root.child("cache"), config.cache);
  check_cache(root.child("cache"), config);
  config.cache_place = root.child("cache").child("enabled").place();
  return config;
}

bool fusion_backbone_dropout(const FusionConfig& fusion, const AdapterSpec& target) {
  const bool beside = !fusion.options.combination.empty();
  const std::string method = fusion.options.train_backbone ? "full" : "k_adapter";
  return backbone_dropout(fusion.train, beside ? adapter_spec(method) : target);
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
  read_fusion_head(node, fusion.warm_head);
  std::vector<std::string> members;
  for (const auto& member : fusion.members)
    members.push_back(member.name + (member.path.empty() ? "" : "=" + member.path));
  node.read("adapters", members);
  read_train_options(node.child("train"), fusion.train);
  node.child("train").record_default("backbone_dropout", fusion_backbone_dropout(fusion, target.adapter));
  return without_free_keys(document.resolved());
}

}  // namespace adaptune
