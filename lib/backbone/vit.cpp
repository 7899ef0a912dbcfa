#include "backbone/vit.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "backbone/transformer_encoder.h"
#include "core/error.h"
#include "nn/dropout.h"

namespace adaptune {
namespace {

using torch::Tensor;

class Vit final : public TransformerEncoder {
 public:
  explicit Vit(const nlohmann::json& config)
      : TransformerEncoder("vit", config, 0.0),
        image_size_(config.value("image_size", 224)),
        patch_size_(config.value("patch_size", 16)),
        channels_(config.value("num_channels", 3)) {
    info_.input = InputKind::kImage;
    info_.classifier = "classifier";
    info_.image_size = image_size_;
    if (channels_ != 3)
      throw InputError("config.json: num_channels " + std::to_string(channels_) + " is not supported; 3 is");
    const int64_t side = image_size_ / patch_size_;
    info_.max_positions = side * side + 1;
    final_norm_.epsilon = shape_.epsilon;
    add_layers(/*pre_norm=*/true, {"attention.attention", "layernorm_before", "layernorm_after",
                                   config.value("qkv_bias", true)});
  }

  Features forward(const Batch& batch, const Wanted& wanted) override {
    const DropoutRates rates = this->rates();
    const Tokens tokens = padded_tokens(
        std::vector<int64_t>(static_cast<size_t>(batch.size()), info_.max_positions), batch.pixels.device());
    const auto embed = [&](const Tensor&) { return embeddings(batch.pixels, rates); };
    Tensor stream = embedding_site_(Tensor(), embed, {tokens});  // [N, D]
    Features features;
    const auto keep = [&](int64_t index) {
      if (wanted.state(index)) features.states.emplace(index, stream);
    };
    keep(0);
    for (int64_t i = 0; i < info_.layers; ++i) {
      auto& layer = layers_[i];
      const bool all = wanted.every_token || wanted.state(i + 1) || i + 1 < info_.layers;
      if (all || !layer.is_token_wise()) {
        stream = layer.forward(stream, tokens, rates);
        keep(i + 1);
      } else {
        features.first = final_norm_(layer.forward_chosen(stream, tokens, tokens.starts.unsqueeze(1), rates));
      }
    }
    if (wanted.every_token || !features.first.defined()) features.last = final_norm_(stream);
    if (!features.first.defined()) features.first = features.last.index_select(-2, tokens.starts);
    if (wanted.pooled) features.pooled = pooled(features.first, tokens);
    return features;
  }

  std::vector<TensorSlot> tensors() override {
    const int64_t d = info_.hidden_size;
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
    add_layer_slots(slots);
    add_norm(slots, "layernorm", final_norm_, info_.layers - 1);
    return slots;
  }

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

  Tensor class_token_, positions_, patches_, patch_bias_;
  LayerNorm final_norm_;
  int64_t image_size_, patch_size_, channels_;
};

}  // namespace

std::unique_ptr<Backbone> build_vit(const nlohmann::json& config) { return std::make_unique<Vit>(config); }

}  // namespace adaptune
