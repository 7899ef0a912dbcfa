#include "interop/peft_reader.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/error.h"
#include "interop/adapterhub_head_config.h"
#include "interop/adapterhub_names.h"
#include "interop/json_fields.h"
#include "interop/peft_targets.h"
#include "interop/static_head.h"

namespace adaptune {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kWrapper = "base_model.model.";

fs::path weights_file(const fs::path& folder) {
  for (const char* name : {"adapter_model.safetensors", "adapter_model.bin"}) {
    if (fs::exists(folder / name)) return folder / name;
  }
  throw InputError(folder.string() + ": holds neither adapter_model.safetensors nor adapter_model.bin");
}

// The sites that are adapted, in the backbone's order, and which of them scale their input.
struct Selection {
  std::vector<const SiteInfo*> sites, feedforward;
};

Selection select(const PeftTargets& targets, Backbone& backbone, const std::string& prefix) {
  Selection selection;
  for (const Site* site : backbone.sites()) {
    const auto& info = site->info();
    if (info.kind != SiteKind::kLinear || !targets.adapts(prefix + info.module)) continue;
    selection.sites.push_back(&info);
    if (targets.is_feedforward(prefix + info.module)) selection.feedforward.push_back(&info);
  }
  return selection;
}

std::vector<std::string> distinct_places(const std::vector<const SiteInfo*>& sites) {
  std::vector<std::string> places;
  for (const auto* site : sites) {
    if (std::find(places.begin(), places.end(), site->place) == places.end()) places.push_back(site->place);
  }
  return places;
}

// Whether each adapted layer is adapted at the same places, of which the same scale their input.
bool is_uniform(const Selection& selection) {
  using Places = std::set<std::string>;
  std::map<int64_t, std::pair<Places, Places>> by_layer;  // adapted, and scaled at the input
  for (const auto* site : selection.sites) {
    if (site->layer >= 0) by_layer[site->layer].first.insert(site->place);
  }
  for (const auto* site : selection.feedforward) {
    if (site->layer >= 0) by_layer[site->layer].second.insert(site->place);
  }
  return std::all_of(by_layer.begin(), by_layer.end(),
                     [&](const auto& entry) { return entry.second == by_layer.begin()->second; });
}

std::vector<std::string> paths(const std::vector<const SiteInfo*>& sites) {
  std::vector<std::string> all;
  for (const auto* site : sites) all.push_back(site->path());
  return all;
}

// Puts the selection into a spec: as places and layers where that says it, else site by site.
void place(const Selection& selection, const BackboneInfo& info, AdapterSpec& spec) {
  std::set<int64_t> layers;
  for (const auto* site : selection.sites) {
    if (site->layer >= 0) layers.insert(site->layer);
  }
  const bool uniform = is_uniform(selection);
  if (uniform && static_cast<int64_t>(layers.size()) < info.layers) {
    spec.layers = std::vector<int64_t>(layers.begin(), layers.end());
  }
  const auto names = uniform ? distinct_places : paths;
  if (auto* lora = std::get_if<LoraOptions>(&spec.site)) lora->places = names(selection.sites);
  if (auto* ia3 = std::get_if<Ia3Options>(&spec.site)) {
    ia3->places = names(selection.sites);
    ia3->feedforward_places = names(selection.feedforward);
  }
}

// Starts that change the base model's weights, so that the adapter fits no checkpoint.
void check_initialisation(JsonFields& fields) {
  const json& start = fields.raw("init_lora_weights");
  if (start.is_null() || start.is_boolean() || start == "gaussian" || start == "orthogonal" || start == "eva")
    return;
  fields.fail("init_lora_weights",
              "is " + start.dump() + ", which changes the base model's weights: not supported");
}

LoraOptions read_lora(JsonFields& fields) {
  check_initialisation(fields);
  const std::string bias = fields.text("bias", "none");
  if (bias != "none") fields.fail("bias", "is '" + bias + "': trained biases are not supported");
  for (const char* key : {"rank_pattern", "alpha_pattern"}) {
    if (!fields.raw(key).empty()) fields.fail(key, "is set: ranks by pattern are not supported");
  }
  if (fields.flag("use_dora", false)) fields.fail("use_dora", "is true: DoRA is not supported");
  LoraOptions options;
  options.r = fields.integer("r", 8);
  if (options.r < 1) fields.fail("r", "must be at least 1, found " + std::to_string(options.r));
  options.alpha = fields.number("lora_alpha", 8);
  // Scale alpha / sqrt(r) instead of alpha / r.
  if (fields.flag("use_rslora", false)) options.alpha *= std::sqrt(static_cast<double>(options.r));
  options.dropout = fields.number("lora_dropout", 0);
  return options;
}

AdapterSpec read_spec(JsonFields& fields) {
  const std::string type = fields.text("peft_type", "");
  AdapterSpec spec;
  if (type == "LORA") {
    spec.method = "lora";
    spec.site = read_lora(fields);
  } else if (type == "IA3") {
    spec.method = "ia3";
    spec.site = Ia3Options{};
  } else {
    fields.fail("peft_type", "is '" + type + "', which is not supported; supported: LORA IA3");
  }
  // Who made it and when, how it starts, how a file of another kernel layout is stored: no result depends on
  // it.
  fields.ignore({"auto_mapping", "base_model_name_or_path", "eva_config", "fan_in_fan_out", "inference_mode",
                 "init_ia3_weights", "megatron_core", "modules_to_save", "peft_version", "qalora_group_size",
                 "revision", "runtime_config", "task_type"});
  return spec;
}

NamedParameter peft_parameter(const std::string& module, const Adapter& adapter, const std::string& own,
                              const torch::Tensor& value, bool scales_input) {
  if (dynamic_cast<const Ia3*>(&adapter)) {
    const auto shape =
        scales_input ? std::vector<int64_t>{1, value.numel()} : std::vector<int64_t>{value.numel(), 1};
    return {module + ".ia3_l", value, shape, ""};
  }
  return {module + "." + own + ".weight", value, value.sizes().vec(), ""};
}

std::vector<NamedParameter> peft_parameters(const TaskAdapter& adapter, const Selection& selection) {
  std::vector<NamedParameter> all;
  for (const auto& [site, own] : adapter.site_adapters()) {
    const auto& inputs = selection.feedforward;
    const bool scales_input = std::find(inputs.begin(), inputs.end(), &site->info()) != inputs.end();
    for (const auto& item : own->named_parameters()) {
      all.push_back(peft_parameter(site->info().module, *own, item.key(), item.value(), scales_input));
    }
  }
  return all;
}

// Takes the tensors of the task's classifier out of `tensors` and makes the head of them.
std::optional<ImportedHead> take_head(TensorMap& tensors, const std::string& task_type,
                                      const std::string& where, const BackboneInfo& info) {
  const std::map<std::string, std::string> endings = {{"SEQ_CLS", "ForSequenceClassification"},
                                                      {"TOKEN_CLS", "ForTokenClassification"}};
  const auto weight = tensors.find("classifier.weight");
  const auto ending = endings.find(task_type);
  if (weight == tensors.end() || ending == endings.end()) return std::nullopt;
  const auto labels = labels_of(json(), weight->second.size(0), where);
  const auto description = static_head(adapterhub_family(info).classes + ending->second, labels, info);
  ImportedHead imported{"", make_head(description.spec, info), {}};
  imported.parameters = static_head_parameters(description, *imported.head);
  TensorMap own;
  for (const auto& parameter : imported.parameters) {
    if (const auto found = tensors.find(parameter.key); found != tensors.end())
      own.insert(tensors.extract(found));
  }
  load_named_parameters(imported.parameters, own, where, kWrapper, "");
  return imported;
}

}  // namespace

bool is_peft_adapter(const fs::path& folder) {
  return fs::exists(folder / kConfig) && read_json_file((folder / kConfig).string()).contains("peft_type");
}

ImportedAdapter read_peft_adapter(const fs::path& folder, Backbone& backbone) {
  const auto& info = backbone.info();
  const std::string where = (folder / kConfig).string();
  const json file = read_json_file(where);
  JsonFields fields(file, where);
  ImportedAdapter imported;
  imported.name = fs::weakly_canonical(folder).filename().string();
  imported.spec = read_spec(fields);
  const PeftTargets targets(fields);
  fields.refuse_rest();

  const auto weights = weights_file(folder);
  TensorMap tensors = without_prefix(read_tensor_file(weights), kWrapper);
  const bool prefixed = std::any_of(tensors.begin(), tensors.end(), [&](const auto& entry) {
    return entry.first.rfind(info.prefix + ".", 0) == 0;
  });
  const std::string prefix = prefixed ? info.prefix + "." : "";
  tensors = without_prefix(tensors, info.prefix + ".");
  const auto selection = select(targets, backbone, prefix);
  if (selection.sites.empty()) fields.fail("target_modules", "matches no linear layer of this backbone");
  place(selection, info, imported.spec);
  imported.adapter = std::make_shared<TaskAdapter>(imported.spec, backbone);
  imported.parameters = peft_parameters(*imported.adapter, selection);
  imported.head = take_head(tensors, fields.text("task_type", ""), weights.string(), info);
  load_named_parameters(imported.parameters, tensors, weights.string(), kWrapper + prefix, "");
  return imported;
}

}  // namespace adaptune
