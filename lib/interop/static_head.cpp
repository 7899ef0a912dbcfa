#include "interop/static_head.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "head/linear_head.h"
#include "interop/adapterhub_head_config.h"
#include "interop/adapterhub_names.h"
#include "interop/json_fields.h"

namespace adaptune {
namespace {

using nlohmann::json;

// What follows the family's name in the class, the head's kind, and its linear layers.
struct StaticHeadRow {
  std::string family, class_end, type;
  bool use_pooler;
  std::vector<std::string> modules;  // more than one: tanh between them
};

const std::vector<StaticHeadRow>& static_head_table() {
  static const std::vector<StaticHeadRow> rows = {
      {"bert", "ForSequenceClassification", "classification", true, {"classifier"}},
      {"bert", "ForTokenClassification", "tagging", false, {"classifier"}},
      {"roberta",
       "ForSequenceClassification",
       "classification",
       false,
       {"classifier.dense", "classifier.out_proj"}},
      {"roberta", "ForTokenClassification", "tagging", false, {"classifier"}},
      {"xlm-roberta",
       "ForSequenceClassification",
       "classification",
       false,
       {"classifier.dense", "classifier.out_proj"}},
      {"xlm-roberta", "ForTokenClassification", "tagging", false, {"classifier"}},
      {"vit", "ForImageClassification", "image_classification", false, {"classifier"}},
  };
  return rows;
}

std::string architecture_of(const json& config) {
  const auto& names = config.contains("architectures") ? config["architectures"] : json();
  return names.is_array() && !names.empty() && names[0].is_string() ? names[0].get<std::string>() : "";
}

// Number of outputs: config.json gives it directly, or by its label map.
std::vector<std::string> config_labels(const json& config, const std::string& where) {
  JsonFields fields(config, where);
  const json& map = fields.raw("label2id");
  const int64_t count = fields.integer("num_labels", map.is_object() ? static_cast<int64_t>(map.size()) : 2);
  return labels_of(map, count, where);
}

// Any number of the labels at once.
StaticHead several_labels(StaticHead description, const std::vector<std::string>& labels) {
  description.spec.type = "multilabel_classification";
  description.spec.labels = labels;
  return description;
}

// By config.json's `architectures`.
std::optional<StaticHead> named_head(const json& config, const std::filesystem::path& folder,
                                     const BackboneInfo& info) {
  const std::string architecture = architecture_of(config);
  if (architecture.empty() || architecture == adapterhub_family(info).classes + "Model") return std::nullopt;
  const std::string where = (folder / "config.json").string();
  auto description = static_head(architecture, config_labels(config, where), info);
  const bool several = config.value("problem_type", json()) == "multi_label_classification";
  if (several && description.spec.type != "tagging")
    return several_labels(std::move(description), config_labels(config, where));
  return description;
}

// One linear layer under the family's name; its labels are numbered where config.json does not name them.
std::optional<StaticHead> classifier_on_top(const json& config, const std::filesystem::path& folder,
                                            const BackboneInfo& info, const TensorMap& tensors) {
  const auto weight = tensors.find(info.classifier + ".weight");
  if (weight == tensors.end()) return std::nullopt;
  HeadSpec spec;
  spec.type = "image_classification";
  spec.labels =
      labels_of(config.value("label2id", json()), weight->second.size(0), (folder / "config.json").string());
  spec.activation_function = std::nullopt;
  return StaticHead{architecture_of(config), spec, {info.classifier}};
}

}  // namespace

StaticHead static_head(const std::string& model_class, const std::vector<std::string>& labels,
                       const BackboneInfo& info) {
  const auto& classes = adapterhub_family(info).classes;
  std::string known;
  for (const auto& row : static_head_table()) {
    if (row.family != info.family) continue;
    known += " " + classes + row.class_end;
    if (model_class != classes + row.class_end) continue;
    HeadSpec spec;
    const bool regression = row.type == "classification" && labels.size() == 1;
    spec.type = regression ? "regression" : row.type;
    if (!regression) spec.labels = labels;
    spec.layers = static_cast<int64_t>(row.modules.size());
    spec.activation_function = spec.layers > 1 ? std::optional<std::string>("tanh") : std::nullopt;
    spec.use_pooler = row.use_pooler;
    return {model_class, spec, row.modules};
  }
  throw InputError("the head of '" + model_class + "' is not supported; supported:" + known);
}

std::vector<NamedParameter> static_head_parameters(const StaticHead& description, const Head& head) {
  std::vector<NamedParameter> all;
  for (const auto& item : head.named_parameters()) {
    for (size_t i = 0; i < description.modules.size(); ++i) {
      const std::string number =
          std::to_string(head_module_number(description.spec, static_cast<int64_t>(i))) + ".";
      if (item.key().rfind(number, 0) != 0) continue;
      all.push_back({description.modules[i] + "." + item.key().substr(number.size()), item.value(),
                     item.value().sizes().vec(), ""});
    }
  }
  return all;
}

std::optional<CheckpointHead> read_checkpoint_head(const std::filesystem::path& folder,
                                                   const BackboneInfo& info) {
  const json config = read_model_config(folder);
  const auto rest = sort_checkpoint(read_weights(folder), family_of(config, folder), info.prefix).rest;
  const auto description = info.classifier.empty() ? named_head(config, folder, info)
                                                   : classifier_on_top(config, folder, info, rest);
  if (!description) return std::nullopt;
  const auto head = make_head(description->spec, info);
  TensorMap own;
  for (const auto& [name, tensor] : rest) {
    for (const auto& module : description->modules) {
      if (name.rfind(module + ".", 0) == 0) own.emplace(name, tensor);
    }
  }
  load_named_parameters(static_head_parameters(*description, *head), own, folder.string(), "", "");
  return CheckpointHead{*description, head};
}

}  // namespace adaptune
