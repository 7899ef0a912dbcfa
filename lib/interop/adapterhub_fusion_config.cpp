#include "interop/adapterhub_fusion_config.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "interop/adapterhub_envelope.h"
#include "interop/json_fields.h"

namespace adaptune {
namespace {

using nlohmann::json;

FusionOptions static_options() {
  FusionOptions options;
  options.value = options.value_initialized = options.regularization = false;
  return options;
}

FusionOptions read_options(const json& config, const std::string& where) {
  if (config == "dynamic") return {};
  if (config == "static") return static_options();
  JsonFields fields(config, where);
  fields.require({"dropout_prob", "key", "query", "query_before_ln", "regularization", "residual_before",
                  "temperature", "value", "value_before_softmax", "value_initialized"});
  FusionOptions options;
  options.query = fields.flag("query", true);
  options.key = fields.flag("key", true);
  options.value = fields.flag("value", true);
  options.query_before_ln = fields.flag("query_before_ln", false);
  options.residual_before = fields.flag("residual_before", false);
  options.temperature = fields.flag("temperature", false);
  options.value_before_softmax = fields.flag("value_before_softmax", true);
  if (fields.raw("value_initialized").is_string()) {
    options.value_initialized = !fields.text("value_initialized", "").empty();
  } else {
    options.value_initialized = fields.flag("value_initialized", true);
  }
  options.regularization = fields.flag("regularization", true);
  const double dropout = fields.number("dropout_prob", 0);
  if (dropout < 0 || dropout > 1)
    fields.fail("dropout_prob", "must lie in [0, 1], found " + std::to_string(dropout));
  if (dropout > 0) options.dropout_prob = dropout;
  fields.refuse_rest();
  return options;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

}  // namespace

AdapterHubFusionConfig read_adapterhub_fusion_config(const json& file, const std::string& where) {
  AdapterHubFusionConfig fusion;
  fusion.name = adapterhub_name(file, where);
  JsonFields envelope(file, where);
  fusion.adapter_names = envelope.texts("adapter_names", split_at_commas(fusion.name));
  if (!envelope.has("config")) envelope.fail("config", "is missing");
  fusion.options = read_options(envelope.raw("config"), where);
  return fusion;
}

json adapterhub_fusion_config(const FusionOptions& options) {
  return {{"dropout_prob", options.dropout_prob ? json(*options.dropout_prob) : json(nullptr)},
          {"key", options.key},
          {"query", options.query},
          {"query_before_ln", options.query_before_ln},
          {"regularization", options.regularization},
          {"residual_before", options.residual_before},
          {"temperature", options.temperature},
          {"value", options.value},
          {"value_before_softmax", options.value_before_softmax},
          {"value_initialized", options.value_initialized}};
}

}  // namespace adaptune
