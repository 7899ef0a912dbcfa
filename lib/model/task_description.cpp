#include "model/task_description.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adapter/combination.h"
#include "core/error.h"

namespace adaptune {
namespace {

void read_size(ConfigNode node, const std::string& key, std::optional<ImageSize>& size) {
  std::vector<double> numbers;
  if (size) numbers = {static_cast<double>(size->height), static_cast<double>(size->width)};
  node.read(key, numbers);
  if (numbers.size() == 2) size = {static_cast<int64_t>(numbers[0]), static_cast<int64_t>(numbers[1])};
}

void read_channels(ConfigNode node, const std::string& key, std::array<double, 3>& values) {
  std::vector<double> numbers(values.begin(), values.end());
  node.read(key, numbers);
  if (numbers.size() == 3) std::copy(numbers.begin(), numbers.end(), values.begin());
}

void read_transform(ConfigNode node, std::optional<ImageTransform>& given) {
  if (!given && !node.defined()) return;
  ImageTransform transform = given.value_or(ImageTransform());
  read_size(node, "resize", transform.resize);
  node.read("shortest_edge", transform.shortest_edge, at_least(1));
  read_size(node, "crop", transform.crop);
  auto resample = static_cast<int64_t>(transform.resampling);
  node.read("resample", resample, [](const int64_t& number) -> std::optional<std::string> {
    if (number == 0 || number == 2 || number == 3) return std::nullopt;
    return "must be 0, 2 or 3";
  });
  transform.resampling = static_cast<Resampling>(resample);
  node.read("rescale_factor", transform.rescale);
  read_channels(node, "image_mean", transform.mean);
  read_channels(node, "image_std", transform.deviation);
  given = transform;
}

void read_input(ConfigNode node, TaskInput& input) {
  node.read("text", input.text);
  node.read("label", input.label);
  node.read("tokens", input.tokens);
  node.read("entities", input.entity);
  node.read("max_seq_length", input.max_seq_length, at_least(3));
  node.read("truncation", input.truncation, truncation_name());
  node.read("quoted", input.quoted);
  node.read("image", input.image);
  read_transform(node.child("transform"), input.transform);
}

void read_member(ConfigNode node, FusedAdapter& member) {
  node.read("path", member.path);
  node.read("sha256", member.sha256);
}

// A damaged description is bad input, not a slip in the user's configuration.
template <typename Description, typename Read>
Description load(const std::filesystem::path& file, const Read& read) {
  try {
    auto document = ConfigDocument::load(file.string());
    Description description;
    read(document.root(), description);
    document.finish();
    return description;
  } catch (const UsageError& error) {
    throw InputError(error.what());
  }
}

void read_fusion_description(ConfigNode root, FusionDescription& description) {
  read_task_description(root, description.target);
  auto node = root.child("fusion");
  read_fusion_options(node, description.options);
  auto members = node.child("members");
  for (auto& [name, member] : members.entries()) {
    FusedAdapter fused{name, "", ""};
    read_member(member, fused);
    description.members.push_back(fused);
  }
  auto kept = node.child("kept");
  for (auto& [site, names] : kept.entries()) kept.read(site, description.kept[site]);
}

// Documents that hold a description, by reading it from an empty one.
ConfigDocument written(TaskDescription description) {
  auto document = ConfigDocument::empty();
  read_task_description(document.root(), description);
  return document;
}

ConfigDocument written(FusionDescription description) {
  auto document = written(description.target);
  auto node = document.root().child("fusion");
  read_fusion_options(node, description.options);
  auto members = node.child("members");
  for (auto& member : description.members) read_member(members.child(member.name), member);
  auto kept = node.child("kept");
  for (auto& [site, names] : description.kept) kept.read(site, names);
  return document;
}

// The keys of AdapterFusion, which combinations of features do not have.
void check_combination_keys(ConfigNode node) {
  for (const char* key :
       {"query", "key", "value", "query_before_ln", "residual_before", "temperature", "value_before_softmax",
        "value_initialized", "regularization", "dropout_prob", "drop"}) {
    if (!node.has(key)) continue;
    node.error_at(key, std::string("'") + key + "' is for AdapterFusion at the sites of a backbone",
                  "config: dynamic");
    node.leave_unread({key});
  }
}

}  // namespace

Check<std::string> truncation_name() { return one_of({"longest_first", "only_first", "only_second"}); }

void read_task_description(ConfigNode root, TaskDescription& d) {
  root.read("written_by", d.written_by);
  root.read("name", d.name);
  root.read("model", d.model);
  read_backbone_identity(root.child("backbone"), d.backbone);
  read_adapter_spec(root, "adapter", d.adapter);
  auto head = root.child("head");
  head.read("type", d.head.type, one_of(head_types()));
  head.read("labels", d.head.labels);
  head.read("multi_label", d.head.multi_label);
  head.read("places", d.head.places);
  read_head_spec(head, d.head);
  read_input(root.child("input"), d.input);
  root.read("metrics", d.metrics);
  root.read("majority", d.majority);
  root.read("scores", d.scores);
  root.read("step", d.step);
}

std::string task_description_yaml(const TaskDescription& description) {
  return written(description).resolved();
}

nlohmann::ordered_json task_description_json(const TaskDescription& description) {
  return written(description).resolved_json();
}

TaskDescription load_task_description(const std::filesystem::path& file) {
  return load<TaskDescription>(file, read_task_description);
}

std::string fusion_description_yaml(const FusionDescription& description) {
  return written(description).resolved();
}

nlohmann::ordered_json fusion_description_json(const FusionDescription& description) {
  return written(description).resolved_json();
}

FusionDescription load_fusion_description(const std::filesystem::path& file) {
  return load<FusionDescription>(file, read_fusion_description);
}

KeptMembers kept_members(const FusionDescription& description, const std::string& where) {
  KeptMembers kept;
  for (const auto& [site, names] : description.kept) {
    for (const auto& name : names) {
      const auto member = std::find_if(description.members.begin(), description.members.end(),
                                       [&](const FusedAdapter& own) { return own.name == name; });
      if (member == description.members.end())
        throw InputError(where + ": '" + site + "' keeps '" + name + "', which is none of its members");
      kept[site].push_back(member - description.members.begin());
    }
    if (names.empty()) throw InputError(where + ": '" + site + "' keeps no member");
  }
  return kept;
}

void read_fusion_options(ConfigNode node, FusionOptions& o) {
  const auto& combinations = combination_names();
  std::vector<std::string> names = {"dynamic", "static"};
  names.insert(names.end(), combinations.begin(), combinations.end());
  std::string config = o.combination.empty() ? "dynamic" : o.combination;
  node.read("config", config, one_of(names));
  const bool combines = std::find(combinations.begin(), combinations.end(), config) != combinations.end();
  o.combination = combines ? config : "";
  if (combines) {
    node.read("train_backbone", o.train_backbone);
    return check_combination_keys(node);
  }
  if (node.has("train_backbone")) {
    node.error_at("train_backbone", "'train_backbone' is for combinations of knowledge adapters",
                  "config: concat, add or attention");
    node.leave_unread({"train_backbone"});
  }
  if (config == "static") o.value = o.value_initialized = o.regularization = false;
  node.read("query", o.query);
  node.read("key", o.key);
  node.read("value", o.value);
  node.read("query_before_ln", o.query_before_ln);
  node.read("residual_before", o.residual_before);
  node.read("temperature", o.temperature);
  node.read("value_before_softmax", o.value_before_softmax);
  node.read("value_initialized", o.value_initialized);
  node.read("regularization", o.regularization);
  node.read("dropout_prob", o.dropout_prob, share_below_one());
  if (!o.dropout_prob) node.record_empty("dropout_prob", "the backbone's attention dropout");
  read_drop_options(node, o.drop);
}

}  // namespace adaptune
