#include "backbone/transformer_encoder.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"

namespace adaptune {

using torch::Tensor;

TransformerEncoder::TransformerEncoder(const std::string& family, const nlohmann::json& config,
                                       double dropout)
    : embedding_site_(
          {"", -1, "embeddings", SiteKind::kEmbedding, 0, config.at("hidden_size"), "embeddings"}),
      pooler_site_({"", -1, "pooler", SiteKind::kLinear, config.at("hidden_size"), config.at("hidden_size"),
                    "pooler.dense", &pooler_.weight}) {
  info_.family = info_.prefix = family;
  info_.layers = config.at("num_hidden_layers");
  info_.hidden_size = config.at("hidden_size");
  info_.hidden_dropout = config.value("hidden_dropout_prob", dropout);
  info_.attention_dropout = config.value("attention_probs_dropout_prob", dropout);
  info_.init_range = config.value("initializer_range", 0.02);
  shape_ = {info_.hidden_size, config.at("num_attention_heads"), config.at("intermediate_size"),
            config.value("layer_norm_eps", 1e-12), config.value("hidden_act", "gelu")};
}

void TransformerEncoder::add_layers(bool pre_norm, const LayerNames& names) {
  names_ = names;
  shape_.pre_norm = pre_norm;
  shape_.self_attention = names.self_attention;
  for (int64_t i = 0; i < info_.layers; ++i)
    layers_.emplace_back(shape_, i, "encoder.layer." + std::to_string(i));
}

DropoutRates TransformerEncoder::rates() const {
  return dropout() ? DropoutRates{info_.hidden_dropout, info_.attention_dropout} : DropoutRates{};
}

Tensor TransformerEncoder::pooled(const Tensor& first, const Tokens& tokens) const {
  if (!pooler_.weight.defined()) {
    throw InputError(
        "this checkpoint has no pooler, but the head reads the pooled output; use_pooler: false reads token "
        "0");
  }
  return at::tanh(pooler_site_(first, pooler_, {chosen_tokens(tokens, 1)}));
}

std::vector<Site*> TransformerEncoder::sites() {
  std::vector<Site*> all{&embedding_site_};
  for (auto& layer : layers_) {
    const auto sites = layer.sites();
    all.insert(all.end(), sites.begin(), sites.end());
  }
  all.push_back(&pooler_site_);
  return all;
}

std::vector<Linear*> TransformerEncoder::linears() {
  std::vector<Linear*> all{&pooler_};
  for (auto& layer : layers_) {
    const auto own = layer.linears();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

void TransformerEncoder::add_norm(std::vector<TensorSlot>& slots, const std::string& name, LayerNorm& norm,
                                  int64_t layer) const {
  slots.push_back({name + ".weight", &norm.weight, {info_.hidden_size}, TensorRole::kNormWeight, layer});
  slots.push_back({name + ".bias", &norm.bias, {info_.hidden_size}, TensorRole::kNormBias, layer});
}

void TransformerEncoder::add_layer_slots(std::vector<TensorSlot>& slots) {
  const int64_t d = info_.hidden_size, f = shape_.intermediate;
  const auto linear = [&](const std::string& name, Linear& l, std::pair<int64_t, int64_t> shape,
                          int64_t layer, bool has_bias = true) {
    const bool optional = layer == info_.layers;
    slots.push_back(
        {name + ".weight", &l.weight, {shape.first, shape.second}, TensorRole::kWeight, layer, optional});
    if (has_bias)
      slots.push_back({name + ".bias", &l.bias, {shape.first}, TensorRole::kBias, layer, optional});
  };
  for (int64_t i = 0; i < info_.layers; ++i) {
    const std::string name = "encoder.layer." + std::to_string(i) + ".", self = name + names_.self_attention;
    auto& layer = layers_[i];
    linear(self + ".query", layer.query, {d, d}, i, names_.has_bias);
    linear(self + ".key", layer.key, {d, d}, i, names_.has_bias);
    linear(self + ".value", layer.value, {d, d}, i, names_.has_bias);
    linear(name + "attention.output.dense", layer.attention_output, {d, d}, i);
    add_norm(slots, name + names_.attention_norm, layer.attention_norm, i);
    linear(name + "intermediate.dense", layer.intermediate, {f, d}, i);
    linear(name + "output.dense", layer.output, {d, f}, i);
    add_norm(slots, name + names_.ffn_norm, layer.ffn_norm, i);
  }
  linear("pooler.dense", pooler_, {d, d}, info_.layers);
}

}  // namespace adaptune
