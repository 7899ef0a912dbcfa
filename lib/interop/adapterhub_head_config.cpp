#include "interop/adapterhub_head_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "interop/adapterhub_names.h"
#include "interop/json_fields.h"
#include "nn/activation.h"

namespace adaptune {
namespace {

using nlohmann::json;

// A `head_type` of the library, and what its constructor takes beside num_labels, layers,
// activation_function and dropout_prob.
struct HeadKeys {
  std::string type;
  int64_t layers;       // the default
  bool reads_sequence;  // use_pooler and bias exist
};

const std::vector<HeadKeys>& head_keys() {
  static const std::vector<HeadKeys> table = {{"classification", 2, true},
                                              {"image_classification", 1, true},
                                              {"multilabel_classification", 2, true},
                                              {"tagging", 1, false}};
  return table;
}

const HeadKeys& keys_of(const std::string& type, const JsonFields& fields) {
  std::string known;
  for (const auto& row : head_keys()) {
    if (row.type == type) return row;
    known += " " + row.type;
  }
  fields.fail("head_type", "is '" + type + "', which is not supported; supported:" + known);
}

void check_model_class(const json& file, const std::string& where, const BackboneInfo& info) {
  JsonFields fields(file, where);
  const std::string given = fields.text("model_class", "");
  const auto& classes = adapterhub_family(info).classes;
  if (given == classes + "AdapterModel" || given == classes + "ModelWithHeads") return;
  fields.fail("model_class", "is '" + given + "'; a head for this backbone was saved from " + classes +
                                 "AdapterModel or " + classes + "ModelWithHeads");
}

json label_map(const HeadSpec& spec) {
  if (spec.type == "regression") return {{"LABEL_0", 0}};
  json map = json::object();
  for (size_t i = 0; i < spec.labels.size(); ++i) map[spec.labels[i]] = i;
  return map;
}

}  // namespace

std::vector<std::string> labels_of(const json& label2id, int64_t count, const std::string& where) {
  std::vector<std::string> labels(count);
  if (label2id.is_null()) {
    for (int64_t i = 0; i < count; ++i) labels[i] = "LABEL_" + std::to_string(i);
    return labels;
  }
  const auto fail = [&] {
    throw InputError(where + ": 'label2id' must map names to 0 .. " + std::to_string(count - 1) +
                     ", each once, found " + label2id.dump());
  };
  if (!label2id.is_object() || static_cast<int64_t>(label2id.size()) != count) fail();
  std::vector<bool> taken(count, false);
  for (const auto& [label, id] : label2id.items()) {
    if (!id.is_number_integer()) fail();
    const int64_t number = id;
    if (number < 0 || number >= count || taken[number]) fail();
    taken[number] = true;
    labels[number] = label;
  }
  return labels;
}

HeadSpec read_adapterhub_head_config(const json& file, const std::string& where, const BackboneInfo& info) {
  check_model_class(file, where, info);
  const json config = file.value("config", json());
  JsonFields fields(config, where);
  const auto& keys = keys_of(fields.text("head_type", ""), fields);
  HeadSpec spec;
  spec.type = keys.type;
  spec.layers = fields.integer("layers", keys.layers);
  if (spec.layers < 1) fields.fail("layers", "must be at least 1, found " + std::to_string(spec.layers));
  const int64_t count = fields.integer("num_labels", 2);
  if (count < 1) fields.fail("num_labels", "must be at least 1, found " + std::to_string(count));
  spec.labels = labels_of(fields.raw("label2id"), count, where);
  const bool linear = fields.raw("activation_function").is_null() && config.contains("activation_function");
  spec.activation_function =
      linear ? std::nullopt : std::optional(fields.text("activation_function", "tanh"));
  const auto known = activation_names();
  if (!linear && std::find(known.begin(), known.end(), *spec.activation_function) == known.end()) {
    fields.fail("activation_function", "is '" + *spec.activation_function + "', which is not known");
  }
  if (fields.has("dropout_prob")) spec.dropout_prob = fields.number("dropout_prob", 0);
  if (keys.reads_sequence) {
    spec.use_pooler = fields.flag("use_pooler", false);
    spec.bias = fields.flag("bias", true);
  }
  if (spec.type == "image_classification" && fields.flag("multilabel", false))
    fields.fail("multilabel", "is true; images of several labels are not supported");
  fields.refuse_rest();
  if (spec.type == "classification" && count == 1) {
    spec.type = "regression";
    spec.labels.clear();
  }
  return spec;
}

json adapterhub_head_config(const HeadSpec& spec) {
  const auto& keys = head_keys();
  const bool known =
      std::any_of(keys.begin(), keys.end(), [&](const auto& row) { return row.type == spec.type; });
  if (!known && spec.type != "regression")
    throw ValueError("export", "AdapterHub has no head for tasks of type '" + spec.type + "'");
  json config = {
      {"activation_function", spec.activation_function ? json(*spec.activation_function) : json(nullptr)},
      {"dropout_prob", spec.dropout_prob ? json(*spec.dropout_prob) : json(nullptr)},
      {"head_type", spec.type == "regression" ? "classification" : spec.type},
      {"label2id", label_map(spec)},
      {"layers", spec.layers},
      {"num_labels", spec.outputs()}};
  if (spec.type == "tagging") {
    if (!spec.bias)
      throw ValueError("export", "AdapterHub's tagging heads always have a bias; train with `bias: true`");
    return config;
  }
  if (spec.type == "image_classification") config["multilabel"] = false;
  config["bias"] = spec.bias;
  config["use_pooler"] = spec.use_pooler;
  return config;
}

}  // namespace adaptune
