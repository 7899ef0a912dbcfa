#include "adapter/method.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/config_layers.h"
#include "core/error.h"
#include "core/text_distance.h"

namespace adaptune {
namespace {

// AdapterHub's presets, and the papers' own settings over the same modules.
BottleneckOptions seq_bn() { return {}; }

BottleneckOptions double_seq_bn() {
  BottleneckOptions options;
  options.mh_adapter = true;
  options.non_linearity = "swish";
  options.original_ln_before = false;
  return options;
}

BottleneckOptions houlsby() {
  BottleneckOptions options = double_seq_bn();
  options.bottleneck_size = 64;
  options.non_linearity = "gelu";
  options.init_weights = "houlsby";
  return options;
}

BottleneckOptions par_bn(const std::string& scaling) {
  BottleneckOptions options;
  options.original_ln_before = false;
  options.is_parallel = true;
  options.reduction_factor = {{"default", 2}};
  options.init_weights = "mam_adapter";
  options.scaling = scaling;
  return options;
}

ResidualConvolutionOptions residual_series() {
  ResidualConvolutionOptions options;
  options.is_parallel = false;
  return options;
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const auto& method : adapter_methods()) names.push_back(method.name);
  return names;
}

std::optional<std::string> check_layer_key(const std::string& key) {
  const auto layers = layers_from(key);
  if (layers && std::to_string(layers->front()) == key) return std::nullopt;
  return "must be the number of a layer, or 'default'";
}

std::optional<std::string> check_scaling(const std::string& value) {
  if (value == "learned" || value == "channel") return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (!value.empty() && *end == '\0' && std::isfinite(number)) return std::nullopt;
  return "must be a number, learned or channel";
}

void check_options(ConfigNode node, const BottleneckOptions& o) {
  if (o.residual_before_ln == "post_add" && !o.original_ln_before) {
    node.error_at_written({"residual_before_ln", "original_ln_before"},
                          "'post_add' needs original_ln_before: true");
  }
  if (!o.mh_adapter && !o.output_adapter) {
    node.error_at_written({"output_adapter", "mh_adapter"},
                          "neither mh_adapter nor output_adapter is on: no layer would get an adapter");
  }
  if (o.is_parallel && o.stochastic_depth > 0) {
    node.error_at_written({"stochastic_depth", "is_parallel"},
                          "'stochastic_depth' has no effect with is_parallel: true", "stochastic_depth: 0");
  }
}

const std::vector<std::string>& initializations() {
  static const std::vector<std::string> names = {"bert", "mam_adapter", "houlsby", "zero"};
  return names;
}

void read_init_std(ConfigNode node, BottleneckOptions& o) {
  node.read("init_std", o.init_std, positive());
  const auto usual = usual_init_std(o.init_weights);
  if (!usual && o.init_std) {
    std::vector<double> all_usual;
    for (const auto& name : initializations()) {
      if (const auto other = usual_init_std(name)) all_usual.push_back(*other);
    }
    node.error_at_idle("init_std", all_usual,
                       "'init_std' has no effect with init_weights '" + o.init_weights + "'",
                       "init_std: null, or init_weights: bert or houlsby");
    o.init_std.reset();  // the run's, whose start is another
  }
  if (o.init_std) return;
  usual ? node.record_default("init_std", *usual) : node.record_empty("init_std", "of bert and houlsby");
}

void read_options(ConfigNode node, BottleneckOptions& o) {
  node.read("mh_adapter", o.mh_adapter);
  node.read("output_adapter", o.output_adapter);
  // A method may come with a width of its own: a reduction factor the user gives replaces it.
  if (node.has("reduction_factor")) o.bottleneck_size.reset();
  node.read("reduction_factor", o.reduction_factor, positive(), check_layer_key);
  node.read("bottleneck_size", o.bottleneck_size, at_least(1));
  if (!o.bottleneck_size) node.record_empty("bottleneck_size", "reduction_factor says it");
  node.read("non_linearity", o.non_linearity, one_of(activation_names()));
  node.read("original_ln_before", o.original_ln_before);
  node.read("original_ln_after", o.original_ln_after);
  node.read_untyped("residual_before_ln", o.residual_before_ln, one_of({"true", "false", "post_add"}));
  node.read("adapter_residual_before_ln", o.adapter_residual_before_ln);
  node.read("ln_before", o.ln_before);
  node.read("ln_after", o.ln_after);
  node.read("is_parallel", o.is_parallel);
  node.read_untyped("scaling", o.scaling, check_scaling);
  node.read("use_gating", o.use_gating);
  node.read("dropout", o.dropout, share_below_one());
  node.read("stochastic_depth", o.stochastic_depth, share_below_one());
  node.read("init_weights", o.init_weights, one_of(initializations()));
  read_init_std(node, o);
  check_options(node, o);
}

// Keys that LoRA and IA3 share.
template <typename Options>
void read_linear_places(ConfigNode node, Options& o) {
  node.read("attn_matrices", o.attn_matrices);
  node.read("selfattn_lora", o.selfattn_lora);
  node.read("intermediate_lora", o.intermediate_lora);
  node.read("output_lora", o.output_lora);
  node.read("places", o.places);
  for (const auto& matrix : o.attn_matrices) {
    if (matrix != "q" && matrix != "k" && matrix != "v") {
      node.error_at_written({"attn_matrices"}, "'" + matrix + "' is not one of q, k, v");
    }
  }
}

void read_options(ConfigNode node, LoraOptions& o) {
  node.read("r", o.r, at_least(1));
  node.read("alpha", o.alpha, positive());
  node.read("dropout", o.dropout, share_below_one());
  read_linear_places(node, o);
  node.read("init_weights", o.init_weights, one_of({"lora", "bert"}));
}

void read_options(ConfigNode node, Ia3Options& o) {
  node.read("alpha", o.alpha, positive());
  read_linear_places(node, o);
  node.read("feedforward_places", o.feedforward_places);
}

void read_options(ConfigNode node, ResidualConvolutionOptions& o) {
  node.read("dropout", o.dropout, share_below_one());
  node.read("init_weights", o.init_weights, one_of({"zero", "he"}));
  node.read("r", o.r, at_least(0));
  node.read("places", o.places);
  if (!o.is_parallel && o.dropout > 0)
    node.error_at_written({"dropout"}, "'dropout' has no effect behind a convolution",
                          "config: residual_parallel");
}

void read_options(const ConfigNode&, std::monostate&) {}

// "16", or by layer "0:2,2:8,default:4".
std::string factor_list(const std::map<std::string, double>& factors) {
  std::ostringstream text;
  for (const auto& [layer, factor] : factors) {
    if (factors.size() > 1) text << (text.tellp() > 0 ? "," : "") << layer << ":";
    text << factor;
  }
  return text.str();
}

void check_sharing(ConfigNode node, const AdapterSpec& spec) {
  if (spec.share_across_layers && std::holds_alternative<ResidualConvolutionOptions>(spec.site)) {
    node.error_at_written({"share_across_layers"},
                          "stages have different numbers of channels: one adapter does not fit all");
  }
  const auto* bottleneck = std::get_if<BottleneckOptions>(&spec.site);
  if (!spec.share_across_layers || !bottleneck || bottleneck->bottleneck_size) return;
  const auto& factors = bottleneck->reduction_factor;
  if (factors.size() == factors.count("default")) return;
  node.error_at_written({"share_across_layers", "reduction_factor", "bottleneck_size"},
                        "one adapter for all layers has one width, but 'reduction_factor' names layers",
                        "give reduction_factor as one number");
}

bool is_beside(const AdapterSpec& spec) { return std::holds_alternative<KnowledgeOptions>(spec.site); }

// In the backbone's layers.
bool has_adapters(const AdapterSpec& spec) {
  return !std::holds_alternative<std::monostate>(spec.site) && !is_beside(spec);
}

// full, full_random and head_only train the same in every layer.
bool chooses_layers(const AdapterSpec& spec) {
  const bool everywhere = spec.override == Override::kNone || spec.override == Override::kBatchNorm ||
                          spec.override == Override::kFull || spec.override == Override::kFullRandom;
  return has_adapters(spec) || !everywhere;
}

// `layers`, `leave_out` and `drop`.
void read_layers(ConfigNode node, AdapterSpec& spec) {
  node.read("layers", spec.layers);
  node.read("leave_out", spec.leave_out);
  read_drop_options(node, spec.drop);
  if (!chooses_layers(spec)) {
    const std::string no_effect = " has no effect with config '" + spec.method + "'";
    const std::string hint = "config: top_layers trains the layers that are named";
    if (spec.layers) node.error_at_written({"layers"}, "'layers'" + no_effect, hint);
    if (!spec.leave_out.empty()) node.error_at_written({"leave_out"}, "'leave_out'" + no_effect, hint);
  } else if (spec.layers && spec.layers->empty()) {
    node.error_at_written({"layers"}, "'layers' is empty: no layer would be adapted",
                          "all, or a list such as [0-5, 11]");
  }
  if (spec.drop.mode != "none" && !has_adapters(spec)) {
    node.error_at_written({"drop"},
                          "'" + spec.method + "' has no adapters in the layers that could be dropped");
  }
}

void read_weight_decay(ConfigNode node, AdapterSpec& spec) {
  node.read("weight_decay", spec.weight_decay, non_negative());
  if (!spec.weight_decay) node.record_empty("weight_decay", "train.adapter_weight_decay says it");
}

// Other tools' words, and those of one method for what another calls otherwise.
std::map<std::string, std::string> foreign_names() {
  return {{"layers_to_transform", "layers"},
          {"lora_alpha", "alpha"},
          {"lora_dropout", "dropout"},
          {"target_modules", "places"},
          {"reduction", "reduction_factor"},
          {"reduction_factor", "r"},
          {"bottleneck_size", "r"},
          {"rank", "r"},
          {"positions", "layers"},
          {"adapter_list", "layers"},
          {"r", "reduction_factor"},
          {"alpha", "scaling"},
          {"scaling", "alpha"}};
}

// Whatever a method may be told, `config` apart.
std::vector<std::string> keys_of_all_methods() {
  auto document = ConfigDocument::empty();
  for (const auto& method : adapter_methods()) {
    AdapterSpec spec = adapter_spec(method.name);
    read_adapter_spec(document.root(), "adapter", spec);
  }
  std::vector<std::string> keys;
  const auto resolved = document.resolved_json();
  for (const auto& [key, value] : resolved["adapter"].items()) keys.push_back(key);
  return keys;
}

}  // namespace

const std::vector<AdapterMethod>& adapter_methods() {
  static const std::vector<AdapterMethod> methods = {
      {"pfeiffer", "Pfeiffer et al. 2021", seq_bn()},
      {"houlsby", "Houlsby et al. 2019", houlsby(), Override::kLayerNorm},
      {"parallel", "He et al. 2022", par_bn("4.0")},
      {"seq_bn", "AdapterHub", seq_bn()},
      {"double_seq_bn", "AdapterHub", double_seq_bn()},
      {"par_bn", "AdapterHub", par_bn("4.0")},
      {"scaled_par_bn", "AdapterHub", par_bn("learned")},
      {"lora", "Hu et al. 2022", LoraOptions{}},
      {"ia3", "Liu et al. 2022", Ia3Options{}},
      {"residual_parallel", "Rebuffi et al. 2018", ResidualConvolutionOptions{}, Override::kBatchNorm},
      {"residual_series", "Rebuffi et al. 2017", residual_series(), Override::kBatchNorm},
      {"k_adapter", "Wang et al. 2021", KnowledgeOptions{}, Override::kNone, false},
      {"head_only", "linear probing", std::monostate{}},
      {"layernorm", "LayerNorms alone, Houlsby et al. 2019", std::monostate{}, Override::kLayerNorm},
      {"batch_norm", "batch norms alone, Rebuffi et al. 2017", std::monostate{}, Override::kBatchNorm},
      {"bitfit", "Ben Zaken et al. 2022", std::monostate{}, Override::kBias},
      {"top_layers", "fine-tuning of the layers in `layers`", std::monostate{}, Override::kTopLayers},
      {"full", "full fine-tuning", std::monostate{}, Override::kFull},
      {"full_random", "full training from random weights", std::monostate{}, Override::kFullRandom},
  };
  return methods;
}

const AdapterMethod& adapter_method(const std::string& name) {
  for (const auto& method : adapter_methods()) {
    if (method.name == name) return method;
  }
  throw UsageError("adapter config '" + name + "' is not known");
}

AdapterSpec adapter_spec(const std::string& name) {
  const auto& method = adapter_method(name);
  AdapterSpec spec;
  spec.method = method.name;
  spec.site = method.site;
  spec.override = method.override;
  const bool adds = !std::holds_alternative<std::monostate>(method.site);
  spec.train_layernorm = adds && method.override == Override::kLayerNorm;
  spec.train_batch_norm = adds && method.override == Override::kBatchNorm;
  return spec;
}

void read_adapter_spec(ConfigNode parent, const std::string& key, AdapterSpec& spec) {
  ConfigNode node = parent.section(key, "config");
  std::string method = spec.method;
  bool is_known = !node.has("config");
  const auto known = one_of(method_names());
  node.read("config", method, [&](const std::string& name) {
    const auto wrong = known(name);
    is_known = !wrong;
    return wrong;
  });
  node.foreign_names(foreign_names());
  if (!is_known) return node.leave_unread(keys_of_all_methods());
  if (method != spec.method) spec = adapter_spec(method);
  if (!is_beside(spec)) read_layers(node, spec);
  std::visit([&](auto& options) { read_options(node, options); }, spec.site);
  if (is_beside(spec)) {
    node.read("init_weights_seed", spec.init_weights_seed, at_least(0));
    read_weight_decay(node, spec);
  } else if (has_adapters(spec)) {
    if (std::holds_alternative<ResidualConvolutionOptions>(spec.site)) {
      node.read("train_batch_norm", spec.train_batch_norm);
    } else {
      node.read("train_layernorm", spec.train_layernorm);
    }
    spec.override = spec.train_layernorm    ? Override::kLayerNorm
                    : spec.train_batch_norm ? Override::kBatchNorm
                                            : Override::kNone;
    node.read("init_weights_seed", spec.init_weights_seed, at_least(0));
    node.read("share_across_layers", spec.share_across_layers);
    read_weight_decay(node, spec);
    check_sharing(node, spec);
  }
  if (spec.override == Override::kTopLayers && !spec.layers) {
    node.error_at_written({"config", "layers"}, "top_layers needs `layers`, the layers to train");
  }
  node.read("load", spec.load);
}

std::string describe(const AdapterSpec& spec, int64_t layer_count) {
  std::ostringstream text;
  text << spec.method;
  if (const auto* bottleneck = std::get_if<BottleneckOptions>(&spec.site)) {
    if (bottleneck->bottleneck_size) {
      text << " m=" << *bottleneck->bottleneck_size;
    } else {
      text << " r=" << factor_list(bottleneck->reduction_factor);
    }
  } else if (const auto* lora = std::get_if<LoraOptions>(&spec.site)) {
    text << " r=" << lora->r;
  } else if (const auto* residual = std::get_if<ResidualConvolutionOptions>(&spec.site)) {
    if (residual->r > 0) text << " r=" << residual->r;
  } else if (const auto* knowledge = std::get_if<KnowledgeOptions>(&spec.site)) {
    std::string positions;
    for (const int64_t position : knowledge_shape(*knowledge, layer_count, 0).positions)
      positions += (positions.empty() ? "" : ",") + std::to_string(position);
    text << " beside " << positions;
    return text.str();
  } else if (!has_adapters(spec) && spec.override != Override::kTopLayers) {
    return text.str();
  }
  if (spec.share_across_layers) text << ", one for all";
  text << (spec.share_across_layers ? " " : ", ") << "layers "
       << layer_ranges(adapted_layers(spec, layer_count));
  return text.str();
}

}  // namespace adaptune
