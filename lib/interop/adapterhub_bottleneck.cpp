#include "interop/adapterhub_bottleneck.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "interop/adapterhub_envelope.h"

namespace adaptune {
namespace {

using nlohmann::json;

double positive_factor(const json& value, JsonFields& fields) {
  if (!value.is_number() || value.get<double>() <= 0) {
    fields.fail("reduction_factor",
                "must be a number above 0, or such numbers by layer, found " + value.dump());
  }
  return value;
}

std::map<std::string, double> reduction_factor(JsonFields& fields) {
  const json& value = fields.raw("reduction_factor");
  if (!value.is_object()) return {{"default", positive_factor(value, fields)}};
  std::map<std::string, double> factors;
  for (const auto& [layer, factor] : value.items()) factors[layer] = positive_factor(factor, fields);
  return factors;
}

std::string scaling(JsonFields& fields) {
  const json& value = fields.raw("scaling");
  if (value.is_null()) return "1.0";
  if (value == "learned" || value == "channel") return value;
  // The library takes only a Python float: JSON with a fraction.
  if (!value.is_number_float()) {
    fields.fail("scaling",
                "must be a number with a fraction (4.0), \"learned\" or \"channel\", found " + value.dump());
  }
  return value.dump();
}

std::string residual_before_ln(JsonFields& fields) {
  if (!fields.raw("residual_before_ln").is_string())
    return fields.flag("residual_before_ln", true) ? "true" : "false";
  const std::string value = fields.text("residual_before_ln", "");
  if (value != "post_add")
    fields.fail("residual_before_ln", "must be true, false or \"post_add\", found \"" + value + "\"");
  return value;
}

std::string non_linearity(JsonFields& fields) {
  std::string name = fields.text("non_linearity", "");
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto known = activation_names();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    std::string list;
    for (const auto& entry : known) list += " " + entry;
    fields.fail("non_linearity", "is '" + name + "', which is not supported; supported:" + list);
  }
  return name;
}

std::string init_weights(JsonFields& fields) {
  const std::string name = fields.text("init_weights", "bert");
  if (name != "bert" && name != "mam_adapter" && name != "houlsby") {
    fields.fail("init_weights", "is '" + name + "'; supported: bert mam_adapter houlsby");
  }
  return name;
}

double share(JsonFields& fields, const std::string& key) {
  const double value = fields.number(key, 0);
  if (value < 0 || value > 1) fields.fail(key, "must lie in [0, 1], found " + fields.raw(key).dump());
  return value;
}

void check(const BottleneckOptions& options, JsonFields& fields) {
  if (!options.is_parallel && options.residual_before_ln == "post_add" && !options.original_ln_before) {
    fields.fail("residual_before_ln", "is \"post_add\", which needs original_ln_before: true");
  }
  if (!options.mh_adapter && !options.output_adapter) {
    fields.fail("output_adapter", "and 'mh_adapter' are both false: no layer would get an adapter");
  }
}

json reduction_factor_json(const BottleneckOptions& options, int64_t hidden) {
  if (options.bottleneck_size) {
    const int64_t size = *options.bottleneck_size;
    // Half a unit away from the next width, safe from rounding in the library's division.
    return hidden % size == 0 ? json(hidden / size) : json(hidden / (size + 0.5));
  }
  const auto& factors = options.reduction_factor;
  if (factors.size() == 1 && factors.count("default")) return adapterhub_number(factors.at("default"));
  json by_layer = json::object();
  for (const auto& [layer, factor] : factors) by_layer[layer] = adapterhub_number(factor);
  return by_layer;
}

json scaling_json(const std::string& scaling) {
  if (scaling == "learned" || scaling == "channel") return scaling;
  return std::stod(scaling);
}

// Compacter's keys, with the library's defaults; without phm_layer they change nothing.
json parameterized_hypercomplex_defaults() {
  return {{"factorized_phm_W", true},
          {"factorized_phm_rule", false},
          {"hypercomplex_nonlinearity", "glorot-uniform"},
          {"learn_phm", true},
          {"phm_bias", true},
          {"phm_c_init", "normal"},
          {"phm_dim", 4},
          {"phm_init_range", 0.0001},
          {"phm_layer", false},
          {"phm_rank", 1},
          {"shared_W_phm", false},
          {"shared_phm_rule", true}};
}

}  // namespace

BottleneckOptions read_adapterhub_bottleneck(JsonFields& fields) {
  fields.require({"mh_adapter", "output_adapter", "reduction_factor", "non_linearity"});
  if (fields.flag("phm_layer", false)) fields.fail("phm_layer", "is true: Compacter is not supported");
  if (fields.has("inv_adapter")) {
    fields.fail("inv_adapter",
                "is " + fields.raw("inv_adapter").dump() + ": invertible adapters are not supported");
  }
  BottleneckOptions options;
  options.mh_adapter = fields.flag("mh_adapter", false);
  options.output_adapter = fields.flag("output_adapter", false);
  options.reduction_factor = reduction_factor(fields);
  options.non_linearity = non_linearity(fields);
  options.original_ln_before = fields.flag("original_ln_before", false);
  options.original_ln_after = fields.flag("original_ln_after", true);
  options.residual_before_ln = residual_before_ln(fields);
  options.adapter_residual_before_ln = fields.flag("adapter_residual_before_ln", false);
  options.ln_before = fields.flag("ln_before", false);
  options.ln_after = fields.flag("ln_after", false);
  options.is_parallel = fields.flag("is_parallel", false);
  options.scaling = scaling(fields);
  options.use_gating = fields.flag("use_gating", false);
  options.dropout = share(fields, "dropout");
  options.stochastic_depth = share(fields, "stochastic_depth");
  options.init_weights = init_weights(fields);
  check(options, fields);
  // Encoders have no cross-attention for cross_adapter to act on.
  fields.ignore({"cross_adapter", "inv_adapter_reduction_factor"});
  const json unused = parameterized_hypercomplex_defaults();
  for (const auto& entry : unused.items()) fields.ignore({entry.key()});
  return options;
}

json adapterhub_bottleneck(const BottleneckOptions& options, const BackboneInfo& info) {
  json config = parameterized_hypercomplex_defaults();
  const auto& residual = options.residual_before_ln;
  config.update({{"adapter_residual_before_ln", options.adapter_residual_before_ln},
                 {"cross_adapter", false},
                 {"dropout", options.dropout},
                 {"init_weights", options.init_weights == "zero" ? "mam_adapter" : options.init_weights},
                 {"inv_adapter", nullptr},
                 {"inv_adapter_reduction_factor", nullptr},
                 {"is_parallel", options.is_parallel},
                 {"ln_after", options.ln_after},
                 {"ln_before", options.ln_before},
                 {"mh_adapter", options.mh_adapter},
                 {"non_linearity", options.non_linearity},
                 {"original_ln_after", options.original_ln_after},
                 {"original_ln_before", options.original_ln_before},
                 {"output_adapter", options.output_adapter},
                 {"reduction_factor", reduction_factor_json(options, info.hidden_size)},
                 {"residual_before_ln", residual == "post_add" ? json(residual) : json(residual == "true")},
                 {"scaling", scaling_json(options.scaling)},
                 {"stochastic_depth", options.stochastic_depth},
                 {"use_gating", options.use_gating}});
  return config;
}

}  // namespace adaptune
