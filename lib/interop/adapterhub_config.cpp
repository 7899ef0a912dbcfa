#include "interop/adapterhub_config.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "interop/adapterhub_bottleneck.h"
#include "interop/adapterhub_envelope.h"
#include "interop/adapterhub_linear.h"
#include "interop/json_fields.h"

namespace adaptune {
namespace {

using nlohmann::json;

// The library's preset names, some of them deprecated, and our method of the same options.
const std::map<std::string, std::string>& preset_methods() {
  static const std::map<std::string, std::string> methods = {
      {"seq_bn", "seq_bn"},
      {"pfeiffer", "seq_bn"},
      {"double_seq_bn", "double_seq_bn"},
      {"houlsby", "double_seq_bn"},
      {"par_bn", "par_bn"},
      {"parallel", "par_bn"},
      {"scaled_par_bn", "scaled_par_bn"},
      {"scaled_parallel", "scaled_par_bn"},
      {"lora", "lora"},
      {"ia3", "ia3"},
  };
  return methods;
}

AdapterSpec preset(const std::string& name, const std::string& where) {
  const auto found = preset_methods().find(name);
  if (found != preset_methods().end()) return adapter_spec(found->second);
  std::string known;
  for (const auto& entry : preset_methods()) known += " " + entry.first;
  throw InputError(where + ": the configuration '" + name + "' is not supported; supported:" + known);
}

void read_layers(JsonFields& fields, AdapterSpec& spec, const BackboneInfo& info) {
  spec.leave_out = fields.integers("leave_out");
  for (const int64_t layer : spec.leave_out) {
    if (layer >= 0 && layer < info.layers) continue;
    fields.fail("leave_out", "names layer " + std::to_string(layer) + "; this backbone has layers 0 to " +
                                 std::to_string(info.layers - 1));
  }
  spec.init_weights_seed = fields.integer("init_weights_seed", 0);
}

json leave_out(const AdapterSpec& spec, const BackboneInfo& info) {
  const auto adapted = adapted_layers(spec, info.layers);
  json left_out = json::array();
  for (int64_t layer = 0; layer < info.layers; ++layer) {
    if (std::find(adapted.begin(), adapted.end(), layer) == adapted.end()) left_out.push_back(layer);
  }
  return left_out;
}

// Which keys a method's options have in the library.
struct Write {
  const BackboneInfo& info;
  json operator()(const std::monostate&) const {
    throw ValueError("export",
                     "this task has no adapter at a site; AdapterHub can hold its head alone; "
                     "choose an adapter method such as pfeiffer");
  }
  json operator()(const BottleneckOptions& options) const { return adapterhub_bottleneck(options, info); }
  json operator()(const LoraOptions& options) const { return adapterhub_lora(options); }
  json operator()(const Ia3Options& options) const { return adapterhub_ia3(options); }
  json operator()(const ResidualConvolutionOptions&) const {
    throw ValueError("export", "AdapterHub has no form for residual adapters of image networks");
  }
  json operator()(const KnowledgeOptions&) const {
    throw ValueError("export", "AdapterHub has no form for adapters beside a backbone (k_adapter)");
  }
};

}  // namespace

AdapterSpec read_adapterhub_config(const json& file, const std::string& where, const BackboneInfo& info) {
  const json& config = file.contains("config") ? file["config"] : json("seq_bn");
  if (config.is_null()) return preset("seq_bn", where);
  if (config.is_string()) return preset(config, where);
  JsonFields fields(config, where);
  const std::string architecture = fields.text("architecture", "");
  AdapterSpec spec;
  if (architecture == "lora") {
    const bool scales = fields.text("composition_mode", "add") == "scale";
    spec.method = scales ? "ia3" : "lora";
    spec.site = scales ? SiteOptions(read_adapterhub_ia3(fields)) : SiteOptions(read_adapterhub_lora(fields));
  } else if (!fields.has("architecture")) {
    spec.method = "seq_bn";
    spec.site = read_adapterhub_bottleneck(fields);
  } else {
    fields.fail("architecture", "is '" + architecture + "'; supported are 'lora' and, for bottlenecks, none");
  }
  read_layers(fields, spec, info);
  fields.refuse_rest();
  return spec;
}

json adapterhub_config(const AdapterSpec& spec, const BackboneInfo& info) {
  if (spec.override == Override::kLayerNorm && !std::holds_alternative<std::monostate>(spec.site)) {
    throw ValueError("export",
                     "this adapter trains LayerNorms of the backbone, which AdapterHub's files cannot "
                     "hold; train with `train_layernorm: false` or with the method double_seq_bn");
  }
  if (spec.override != Override::kNone) {
    throw ValueError("export", "'" + spec.method +
                                   "' trains tensors of the backbone, which AdapterHub's files "
                                   "cannot hold; choose an adapter method such as pfeiffer");
  }
  json config = std::visit(Write{info}, spec.site);
  config["leave_out"] = leave_out(spec, info);
  config["init_weights_seed"] = spec.init_weights_seed ? json(spec.init_weights_seed) : json(nullptr);
  return config;
}

}  // namespace adaptune
