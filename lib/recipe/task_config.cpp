#include "recipe/task_config.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "data/dataset_format.h"
#include "metric/metric.h"
#include "model/task_description.h"

namespace adaptune {
namespace {

// Folders of a run beside its tasks' own.
const std::set<std::string> kReservedNames = {"all", "fusion", "cache"};

// The path in full, for messages.
std::string full_path(const std::string& path) {
  return path.empty() ? "" : std::filesystem::absolute(path).lexically_normal().string();
}

void check_metrics(ConfigNode node, const TaskConfig& task, bool type_known) {
  for (const auto& name : task.metrics) {
    if (const auto wrong = one_of(metric_names())(name)) {
      node.error_at("metric", "metric '" + name + "' is not known", *wrong);
      continue;
    }
    if (!type_known) continue;
    const auto& types = metric_by_name(name).head_types;
    if (std::find(types.begin(), types.end(), task.head.type) != types.end()) continue;
    node.error_at("metric", "metric '" + name + "' does not score the task type '" + task.head.type + "'");
  }
}

// The section that says `key`: the own one, else that of the run.
ConfigNode saying(const ConfigNode& own, const ConfigNode& common, const std::string& key) {
  return own.has(key) ? own : common;
}

void check_name(ConfigNode node, const std::string& name) {
  const bool fine = !name.empty() && name.find_first_of("./,\\ \t") == std::string::npos;
  if (!fine) {
    node.error_at("name", "task name '" + name + "' must not be empty or hold blanks, '.', ',' or '/'");
  } else if (kReservedNames.count(name) > 0) {
    node.error_at("name", "task name '" + name + "' has another meaning in a run", "choose another name");
  }
}

// Whether it names a type that there is; if not, what depends on the type cannot be judged.
bool read_type(ConfigNode node, std::string& type) {
  const auto known = one_of(head_types());
  bool is_known = false;
  node.require("type");
  node.read("type", type, [&](const std::string& name) {
    is_known = !known(name);
    return known(name);
  });
  return is_known;
}

void check_labels(ConfigNode node, const std::vector<std::string>& labels) {
  const std::set<std::string> different(labels.begin(), labels.end());
  if (different.contains("")) {
    node.error_at("labels", "'labels' holds an empty name", "every label needs a name");
  }
  if (different.size() != labels.size()) node.error_at("labels", "'labels' names a label twice");
  if (labels.size() == 1) node.error_at("labels", "'labels' needs at least two labels");
}

// Keys that tasks of this type do not read.
void check_idle_keys(ConfigNode node, const TaskConfig& task) {
  const auto refuse = [&](const std::string& key, const std::string& hint) {
    node.error_at(key, "'" + key + "' has no effect with type '" + task.head.type + "'", hint);
  };
  const bool words = task.head.type == "tagging" || task.head.type == "dependency_head";
  const int64_t entities = entity_count(task.head.type);
  if (words && !task.text.empty()) refuse("text", "'tokens' names the column of words");
  const bool images = reads_images(task.head.type);
  if (images && !task.text.empty()) refuse("text", "'image' names the column of images");
  if (!images && !task.image.empty()) refuse("image", "it is for type image_classification");
  if (!words && entities == 0 && !task.tokens.empty()) refuse("tokens", "'text' names the columns of texts");
  if (entities > 0 && !task.tokens.empty() && !task.text.empty())
    node.error_at("tokens", "'text' and 'tokens' exclude each other",
                  "spans count the characters of a text, or words");
  if (entities > 0 && task.text.size() > 1) node.error_at("text", "entities are marked in one text");
  if (entities == 0 && !task.entity.empty()) refuse("entities", "it is for types that mark entities");
  if (entities > 0 && !task.entity.empty() && static_cast<int64_t>(task.entity.size()) != entities)
    node.error_at("entities",
                  "type '" + task.head.type + "' marks " + (entities == 1 ? "one entity" : "two entities") +
                      ", and 'entities' names " + std::to_string(task.entity.size()) + " columns");
  if (task.head.type != "entity_classification" && task.head.multi_label)
    refuse("multi_label", "it is for type entity_classification");
  const LabelKind kind = label_kind(task.head);
  const bool named = kind == LabelKind::kClass || kind == LabelKind::kLabelSet || kind == LabelKind::kTags;
  if (!named && !task.head.labels.empty()) {
    const std::string what = kind == LabelKind::kAnswers ? "answers" : "numbers";
    refuse("labels", "'label' names the column of " + what);
  }
  if (kind == LabelKind::kAnswers && task.text.size() > 1) node.error_at("text", "the mask is in one text");
}

// Heads of marked entities and of dependencies have their own layers. A value that holds anyway is no wish:
// a run's config.yaml writes all of them.
void check_idle_head(ConfigNode node, const HeadSpec& head) {
  if (entity_count(head.type) == 0 && head.type != "dependency_head" && head.type != "fact_cloze") return;
  const HeadSpec usual;
  const std::map<std::string, bool> idle = {
      {"layers", head.layers != usual.layers},
      {"activation_function", head.activation_function != usual.activation_function},
      {"use_pooler", head.use_pooler != usual.use_pooler},
      {"bias", head.bias != usual.bias}};
  for (const auto& [key, is_idle] : idle) {
    if (is_idle) node.error_at_written({key}, "'" + key + "' has no effect with type '" + head.type + "'");
  }
}

// Keys of `data` that a task of this type does not read, unless they say what holds anyway.
void check_idle_data(const ConfigNode& own, const ConfigNode& common, const TaskConfig& task) {
  const DataConfig usual;
  const auto& data = task.data;
  const bool images = reads_images(task.head.type);
  const std::map<std::string, bool> idle = {
      {"max_seq_length", images && data.max_seq_length != usual.max_seq_length},
      {"truncation", images && data.truncation != usual.truncation},
      {"quoted", images && data.quoted},
      {"image_size", !images && data.image_size},
      {"augment", !images && (data.random_crop || data.horizontal_flip)},
      {"on_error", !images && data.on_error != usual.on_error}};
  for (const auto& [key, is_idle] : idle) {
    if (!is_idle) continue;
    saying(own, common, key)
        .error_at(key, "'" + key + "' has no effect on task '" + task.name + "', which reads " +
                           (images ? "images" : "texts"));
  }
}

// What the columns are called where nobody says it.
void record_columns(ConfigNode node, const TaskConfig& task) {
  const bool tags = task.head.type == "tagging", heads = task.head.type == "dependency_head";
  const bool answers = task.head.type == "fact_cloze";
  const std::string label = tags ? "tags" : heads ? "heads" : answers ? "answers" : "label";
  if (task.label.empty()) node.record_default("label", label);
  if ((tags || heads) && task.tokens.empty()) node.record_default("tokens", std::string("tokens"));
  if (reads_images(task.head.type) && task.image.empty()) node.record_default("image", std::string("image"));
}

// Whether `quoted` is for one of the files.
bool has_choice_of_quotes(const DataConfig& data) {
  for (const auto& split : kSplits) {
    for (const auto& file : data.files(split)) {
      const auto* format = find_format(file, /*images=*/false);
      if (format != nullptr && format->quotes_by_choice) return true;
    }
  }
  return false;
}

void read_augment(ConfigNode node, DataConfig& data) {
  const std::map<std::string, bool*> known = {{"random_crop", &data.random_crop},
                                              {"horizontal_flip", &data.horizontal_flip}};
  std::vector<std::string> names;
  for (const auto& [name, on] : known) {
    if (*on) names.push_back(name);
  }
  node.read("augment", names);
  for (const auto& [name, on] : known) *on = std::count(names.begin(), names.end(), name) > 0;
  for (const auto& name : names) {
    if (known.count(name) == 0)
      node.error_at("augment", "'" + name + "' is not known", "known: horizontal_flip random_crop");
  }
}

// The columns and labels, and what the task is scored by.
void read_examples(ConfigNode node, TaskConfig& task) {
  const bool type_known = read_type(node, task.head.type);
  node.read("text", task.text);
  node.read("label", task.label);
  node.read("tokens", task.tokens);
  node.read("image", task.image);
  node.read("entities", task.entity);
  node.read("multi_label", task.head.multi_label);
  node.read("labels", task.head.labels);
  if (task.text.size() > 2) node.error_at("text", "'text' names one column or two");
  check_labels(node, task.head.labels);
  if (type_known) check_idle_keys(node, task);
  read_head_spec(node.child("head"), task.head);
  check_idle_head(node.child("head"), task.head);
  if (task.metrics.empty()) task.metrics = {default_metric(task.head.type)};
  node.read("metric", task.metrics);
  check_metrics(node, task, type_known);
}

}  // namespace

const std::vector<std::string>& DataConfig::files(const std::string& split) const {
  return split == "test" ? test : split == "validation" ? validation : train;
}

const WrittenPlace& TaskConfig::place_of(std::string key) const {
  while (!places.contains(key)) {
    const size_t dot = key.rfind('.');
    if (dot == std::string::npos) return place;
    key.resize(dot);
  }
  return places.at(key);
}

UsageError placed(const WrittenPlace& place, const std::string& message) {
  return UsageError(place.place + ": error: " + message +
                    (place.excerpt.empty() ? "" : "\n" + place.excerpt));
}

UsageError placed(const TaskConfig& task, const ValueError& error) {
  return placed(task.place_of(error.key()), error.what());
}

std::optional<std::string> folder_problem(const std::string& folder) {
  if (std::filesystem::is_directory(folder)) return std::nullopt;
  const bool file = std::filesystem::exists(folder);
  return "'" + full_path(folder) + (file ? "' is a file, not a folder" : "' does not exist");
}

void read_adapter(ConfigNode parent, AdapterSpec& spec) {
  read_adapter_spec(parent, "adapter", spec);
  auto node = parent.child("adapter");
  if (spec.load.empty() || !node.has("load")) return;
  if (const auto problem = folder_problem(spec.load)) node.error_at("load", *problem);
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
  node.read("truncation", data.truncation, truncation_name());
  node.read("max_train_samples", data.max_train_samples, at_least(1));
  if (!data.max_train_samples) node.record_empty("max_train_samples", "all");
  node.read("max_eval_samples", data.max_eval_samples, at_least(1));
  if (!data.max_eval_samples) node.record_empty("max_eval_samples", "all");
  node.read("quoted", data.quoted);
  node.read("image_size", data.image_size, at_least(1));
  if (!data.image_size) node.record_empty("image_size", "of images, as the model's folder says");
  read_augment(node, data);
  node.read("on_error", data.on_error, one_of({"fail", "skip"}));
}

void check_files(ConfigNode node, const DataConfig& data, const std::vector<std::string>& splits) {
  for (const auto& split : splits) {
    if (!node.has(split)) continue;
    for (const auto& file : data.files(split)) {
      if (!std::filesystem::exists(file)) node.error_at(split, "'" + full_path(file) + "' does not exist");
    }
  }
}

// The best state is chosen by the loss, or by a metric that is computed anyway.
void check_best_metric(const ConfigNode& own, const ConfigNode& common, const TrainOptions& options,
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

void turn_off_idle_quotes(ConfigNode section, DataConfig& data) {
  if (!data.quoted || has_choice_of_quotes(data)) return;
  section.error_at_written({"quoted"}, "'quoted' has no effect: no file is a .tsv file", "quoted: false");
  data.quoted = false;
  section.record_default("quoted", false);
}

TaskConfig read_task(ConfigNode node, const std::string& name, const TaskConfig& defaults, ConfigNode run) {
  TaskConfig task = defaults;
  task.name = name;
  task.place = node.place();
  check_name(node, name);
  read_examples(node, task);
  read_adapter(node, task.adapter);
  if (task.head.use_pooler && std::holds_alternative<KnowledgeOptions>(task.adapter.site)) {
    node.child("head").error_at_written(
        {"use_pooler"}, "the pooled output is the backbone's alone: 'k_adapter' adds nothing to it",
        "use_pooler: false");
  }
  read_data(node.child("data"), task.data);
  read_train_options(node.child("train"), task.train);
  check_best_metric(node.child("train"), run.child("train"), task.train, task);
  if (task.adapter.weight_decay) {
    if (task.train.adapter_weight_decay && task.train.adapter_weight_decay != task.adapter.weight_decay) {
      saying(node.child("train"), run.child("train"), "adapter_weight_decay")
          .error_at("adapter_weight_decay", "'adapter.weight_decay' says another number; write one of them");
    }
    task.train.adapter_weight_decay = task.adapter.weight_decay;
  }
  check_idle_data(node.child("data"), run.child("data"), task);
  turn_off_idle_quotes(node.child("data"), task.data);
  drop_idle_options(node.child("train"), task.train);
  if (!task.train.backbone_dropout)
    node.child("train").record_default("backbone_dropout", backbone_dropout(task.train, task.adapter));
  record_columns(node, task);
  for (const std::string section : {"adapter", "data", "train"})
    node.child(section).inherits(run.child(section));
  node.add_places(task.places);
  if (task.data.train.empty()) {
    auto data = saying(node.child("data"), run.child("data"), "train");
    data.has("train") ? data.error_at("train", "'train' names no file")
                      : node.error("task '" + name + "' has no 'data.train'", "write 'data: {train: ...}'");
  }
  return task;
}

bool backbone_dropout(const TrainOptions& options, const AdapterSpec& adapter) {
  return options.backbone_dropout.value_or(adapter_method(adapter.method).backbone_dropout);
}

bool reads_images(const std::string& head_type) { return head_type == "image_classification"; }

LabelKind label_kind(const HeadSpec& head) {
  if (head.type == "multilabel_classification" || head.multi_label) return LabelKind::kLabelSet;
  if (head.type == "regression") return LabelKind::kNumber;
  if (head.type == "dependency_head") return LabelKind::kHeads;
  if (head.type == "fact_cloze") return LabelKind::kAnswers;
  return head.type == "tagging" ? LabelKind::kTags : LabelKind::kClass;
}

int64_t entity_count(const std::string& head_type) {
  if (head_type == "entity_pair_classification") return 2;
  return head_type == "entity_classification" ? 1 : 0;
}

DatasetOptions dataset_options(const TaskConfig& task, std::optional<int64_t> max_samples) {
  DatasetOptions options;
  options.kind = label_kind(task.head);
  options.entities = entity_count(task.head.type);
  options.entity = task.entity;
  options.text = task.text;
  options.label = task.label;
  options.tokens = task.tokens;
  options.images = reads_images(task.head.type);
  options.image = task.image;
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

}  // namespace adaptune
