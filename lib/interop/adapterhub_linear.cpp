#include "interop/adapterhub_linear.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "interop/adapterhub_envelope.h"

namespace adaptune {
namespace {

using nlohmann::json;

void refuse_variants(JsonFields& fields) {
  if (fields.flag("use_gating", false))
    fields.fail("use_gating", "is true: gated LoRA and IA3 are not supported");
  if (fields.flag("use_dora", false)) fields.fail("use_dora", "is true: DoRA is not supported");
  for (const char* key : {"vera_d", "vera_b"}) {
    if (fields.has(key)) fields.fail(key, "is set: VeRA is not supported");
  }
  const std::string type = fields.text("dtype", "float32");
  if (type != "float32") fields.fail("dtype", "is '" + type + "'; adapters are computed in float32");
  if (fields.integer("r", 8) < 1) fields.fail("r", "must be at least 1, found " + fields.raw("r").dump());
}

template <typename Options>
void read_places(JsonFields& fields, Options& options) {
  options.selfattn_lora = fields.flag("selfattn_lora", true);
  options.intermediate_lora = fields.flag("intermediate_lora", false);
  options.output_lora = fields.flag("output_lora", false);
  options.attn_matrices = fields.texts("attn_matrices", {"q", "v"});
  for (const auto& matrix : options.attn_matrices) {
    if (matrix != "q" && matrix != "k" && matrix != "v") {
      fields.fail("attn_matrices", "holds '" + matrix + "', which is not one of q, k, v");
    }
  }
}

// `places` in the library's words.
template <typename Options>
Options without_places(Options options) {
  if (options.places.empty()) return options;
  const auto take = [&](const std::string& place) {
    const auto end = std::remove(options.places.begin(), options.places.end(), place);
    const bool found = end != options.places.end();
    options.places.erase(end, options.places.end());
    return found;
  };
  options.attn_matrices.clear();
  for (const auto& [letter, place] :
       {std::pair{"q", "attention.query"}, {"k", "attention.key"}, {"v", "attention.value"}}) {
    if (take(place)) options.attn_matrices.push_back(letter);
  }
  options.selfattn_lora = !options.attn_matrices.empty();
  options.intermediate_lora = take("ffn.intermediate");
  options.output_lora = take("ffn.output");
  if (!options.places.empty()) {
    throw ValueError(
        "export",
        "AdapterHub cannot adapt the place '" + options.places[0] +
            "'; attention.query, attention.key, attention.value, ffn.intermediate and ffn.output it can");
  }
  return options;
}

json config_with_places(bool selfattn, const std::vector<std::string>& matrices, bool intermediate,
                        bool output) {
  return {{"architecture", "lora"}, {"attn_matrices", matrices},
          {"dtype", nullptr},       {"intermediate_lora", intermediate},
          {"output_lora", output},  {"selfattn_lora", selfattn},
          {"use_dora", false},      {"use_gating", false},
          {"vera_b", nullptr},      {"vera_d", nullptr}};
}

}  // namespace

LoraOptions read_adapterhub_lora(JsonFields& fields) {
  refuse_variants(fields);
  const std::string mode = fields.text("composition_mode", "add");
  if (mode != "add") fields.fail("composition_mode", "is '" + mode + "'; supported: add scale");
  LoraOptions options;
  options.r = fields.integer("r", 8);
  options.alpha = fields.number("alpha", 8);
  options.dropout = fields.number("dropout", 0);
  if (options.dropout < 0 || options.dropout > 1) fields.fail("dropout", "must lie in [0, 1]");
  options.init_weights = fields.text("init_weights", "lora");
  if (options.init_weights != "lora" && options.init_weights != "bert") {
    fields.fail("init_weights", "is '" + options.init_weights + "'; supported: lora bert");
  }
  read_places(fields, options);
  return options;
}

Ia3Options read_adapterhub_ia3(JsonFields& fields) {
  refuse_variants(fields);
  Ia3Options options;
  options.alpha = fields.number("alpha", 8);
  if (fields.integer("r", 8) != 1) fields.fail("r", "must be 1 with composition_mode \"scale\"");
  read_places(fields, options);
  fields.ignore({"dropout", "init_weights", "composition_mode"});  // scaling uses neither
  return options;
}

json adapterhub_lora(const LoraOptions& given) {
  const auto options = without_places(given);
  json config = config_with_places(options.selfattn_lora, options.attn_matrices, options.intermediate_lora,
                                   options.output_lora);
  config.update({{"alpha", adapterhub_number(options.alpha)},
                 {"composition_mode", "add"},
                 {"dropout", options.dropout},
                 {"init_weights", options.init_weights},
                 {"r", options.r}});
  return config;
}

json adapterhub_ia3(const Ia3Options& given) {
  if (!given.feedforward_places.empty()) {
    throw ValueError("export",
                     "AdapterHub's IA3 scales outputs only, and this adapter scales the input of '" +
                         given.feedforward_places[0] + "'; train with `feedforward_places: []`");
  }
  const auto options = without_places(given);
  json config = config_with_places(options.selfattn_lora, options.attn_matrices, options.intermediate_lora,
                                   options.output_lora);
  config.update({{"alpha", adapterhub_number(options.alpha)},
                 {"composition_mode", "scale"},
                 {"dropout", 0.0},
                 {"init_weights", "ia3"},
                 {"r", 1}});
  return config;
}

}  // namespace adaptune
