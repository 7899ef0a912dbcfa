#include "backbone/vit.h"

#include <torch/torch.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "nn/dropout.h"
#include "nn/encoder_layer.h"

namespace adaptune {
namespace {

using torch::Tensor;

class Vit final : public Backbone {
 public:
  explicit Vit(const nlohmann::json& config)
      : embedding_site_(
            {"", -1, "embeddings", SiteKind::kEmbedding, 0, config.at("hidden_size"), "embeddings"}),
        pooler_site_({"", -1, "pooler", SiteKind::kLinear, config.at("hidden_size"), config.at("hidden_size"),
                      "pooler.dense", &pooler_.weight}),
        image_size_(config.value("image_size", 224)),
        patch_size_(config.value("patch_size", 16)),
        channels_(config.value("num_channels", 3)),
        intermediate_(config.at("intermediate_size")) {
    info_.family = info_.prefix = "vit";
    info_.input = InputKind::kImage;
    info_.classifier = "classifier";
    info_.image_size = image_size_;
    if (channels_ != 3)
      throw InputError("config.json: num_channels " + std::to_string(channels_) + " is not supported; 3 is");
    info_.layers = config.at("num_hidden_layers");
    info_.hidden_size = config.at("hidden_size");
    info_.hidden_dropout = config.value("hidden_dropout_prob", 0.0);
    info_.attention_dropout = config.value("attention_probs_dropout_prob", 0.0);
    info_.init_range = config.value("initializer_range", 0.02);
    const int64_t side = image_size_ / patch_size_;
    info_.max_positions = side * side + 1;
    EncoderLayerShape shape{info_.hidden_size, config.at("num_attention_heads"), intermediate_,
                            config.value("layer_norm_eps", 1e-12), config.value("hidden_act", "gelu")};
    shape.pre_norm = true;
    shape.self_attention = "attention.attention";
    final_norm_.epsilon = shape.epsilon;
    has_bias_ = config.value("qkv_bias", true);
    for (int64_t i = 0; i < info_.layers; ++i)
      layers_.emplace_back(shape, i, "encoder.layer." + std::to_string(i));
  }

  Features forward(const Batch& batch, const Wanted& wanted) override {
    const DropoutRates rates =
        dropout() ? DropoutRates{info_.hidden_dropout, info_.attention_dropout} : DropoutRates{};
    const Tokens tokens = padded_tokens(
        std::vector<int64_t>(static_cast<size_t>(batch.size()), info_.max_positions), batch.pixels.device());
    const auto embed = [&](const Tensor&) { return embeddings(batch.pixels, rates); };
    Tensor stream = embedding_site_(Tensor(), embed, {tokens});  // [N, D]
    Features features;
    for (auto& layer : layers_) {
      if (wanted.hidden_states) features.hidden_states.push_back(stream);
      const bool all = wanted.every_token || wanted.hidden_states || &layer != &layers_.back();
      if (all || !layer.is_token_wise()) {
        stream = layer.forward(stream, tokens, rates);
      } else {
        features.first = final_norm_(layer.forward_first(stream, tokens, rates));
      }
    }
    if (wanted.hidden_states) features.hidden_states.push_back(stream);
    if (wanted.every_token || !features.first.defined()) features.last = final_norm_(stream);
    if (!features.first.defined()) features.first = features.last.index_select(-2, tokens.starts);
    if (wanted.pooled)
      features.pooled = at::tanh(pooler_site_(features.first, pooler(), {first_tokens(tokens)}));
    return features;
  }

  std::vector<Site*> sites() override {
    std::vector<Site*> all{&embedding_site_};
    for (auto& layer : layers_) {
      const auto sites = layer.sites();
      all.insert(all.end(), sites.begin(), sites.end());
    }
    all.push_back(&pooler_site_);
    return all;
  }

  std::vector<TensorSlot> tensors() override {
    const int64_t d = info_.hidden_size, f = intermediate_;
    std::vector<TensorSlot> slots = {
        {"embeddings.cls_token", &class_token_, {1, 1, d}, TensorRole::kEmbedding, -1},
        {"embeddings.position_embeddings",
         &positions_,
         {1, info_.max_positions, d},
         TensorRole::kEmbedding,
         -1},
        {"embeddings.patch_embeddings.projection.weight",
         &patches_,
         {d, channels_, patch_size_, patch_size_},
         TensorRole::kEmbedding,
         -1},
        {"embeddings.patch_embeddings.projection.bias", &patch_bias_, {d}, TensorRole::kBias, -1}};
    const auto norm = [&](const std::string& name, LayerNorm& n, int64_t layer) {
      slots.push_back({name + ".weight", &n.weight, {d}, TensorRole::kNormWeight, layer});
      slots.push_back({name + ".bias", &n.bias, {d}, TensorRole::kNormBias, layer});
    };
    const auto linear = [&](const std::string& name, Linear& l, std::pair<int64_t, int64_t> shape,
                            int64_t layer, bool has_bias = true) {
      const bool optional = layer == info_.layers;
      slots.push_back(
          {name + ".weight", &l.weight, {shape.first, shape.second}, TensorRole::kWeight, layer, optional});
      if (has_bias)
        slots.push_back({name + ".bias", &l.bias, {shape.first}, TensorRole::kBias, layer, optional});
    };
    for (int64_t i = 0; i < info_.layers; ++i) {
      const std::string name = "encoder.layer." + std::to_string(i) + ".";
      auto& layer = layers_[i];
      norm(name + "layernorm_before", layer.attention_norm, i);
      linear(name + "attention.attention.query", layer.query, {d, d}, i, has_bias_);
      linear(name + "attention.attention.key", layer.key, {d, d}, i, has_bias_);
      linear(name + "attention.attention.value", layer.value, {d, d}, i, has_bias_);
      linear(name + "attention.output.dense", layer.attention_output, {d, d}, i);
      norm(name + "layernorm_after", layer.ffn_norm, i);
      linear(name + "intermediate.dense", layer.intermediate, {f, d}, i);
      linear(name + "output.dense", layer.output, {d, f}, i);
    }
    norm("layernorm", final_norm_, info_.layers - 1);
    linear("pooler.dense", pooler_, {d, d}, info_.layers);
    return slots;
  }

  std::vector<Linear*> linears() override {
    std::vector<Linear*> all{&pooler_};
    for (auto& layer : layers_) {
      const auto own = layer.linears();
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  }

  const BackboneInfo& info() const override { return info_; }

 private:
  Tensor embeddings(const Tensor& pixels, const DropoutRates& rates) const {
    if (pixels.size(2) != image_size_ || pixels.size(3) != image_size_) {
      throw InputError("this network reads images of " + std::to_string(image_size_) + " x " +
                       std::to_string(image_size_) + " pixels, got " + std::to_string(pixels.size(3)) +
                       " x " + std::to_string(pixels.size(2)) +
                       "; data.image_size: " + std::to_string(image_size_));
    }
    const Tensor patches =
        at::conv2d(pixels, patches_, patch_bias_, patch_size_).flatten(2).transpose(1, 2);  // [B, P, D]
    const Tensor all = at::cat({class_token_.expand({pixels.size(0), 1, -1}), patches}, 1) + positions_;
    return adaptune::dropout(all.reshape({-1, all.size(2)}), rates.hidden);  // [N, D]
  }

  const Linear& pooler() const {
    if (!pooler_.weight.defined()) {
      throw InputError(
          "this checkpoint has no pooler, but the head reads the pooled output; use_pooler: false reads the "
          "class token");
    }
    return pooler_;
  }

  BackboneInfo info_;
  Tensor class_token_, positions_, patches_, patch_bias_;
  std::deque<EncoderLayer> layers_;  // sites and slots point into it: elements must not move
  LayerNorm final_norm_;
  Linear pooler_;
  Site embedding_site_, pooler_site_;
  int64_t image_size_, patch_size_, channels_, intermediate_;
  bool has_bias_ = true;
};

}  // namespace

std::unique_ptr<Backbone> build_vit(const nlohmann::json& config) { return std::make_unique<Vit>(config); }

}  // namespace adaptune
