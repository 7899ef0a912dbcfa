#pragma once

#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "nn/encoder_layer.h"

namespace adaptune {

// What encoders of Hugging Face share beside their embeddings and the order of their norms: config.json's
// sizes, the layers under "encoder.layer.<i>.", a tanh pooler on the first token, and the sites and tensors
// of these.
class TransformerEncoder : public Backbone {
 public:
  std::vector<Site*> sites() override;
  std::vector<Linear*> linears() override;
  const BackboneInfo& info() const override { return info_; }

 protected:
  // How a family's checkpoints name the parts of a layer that others name otherwise.
  struct LayerNames {
    std::string self_attention, attention_norm, ffn_norm;
    bool has_bias = true;  // of query, key and value
  };

  // `dropout`: the family's default of hidden and attention dropout.
  TransformerEncoder(const std::string& family, const nlohmann::json& config, double dropout);
  void add_layers(bool pre_norm, const LayerNames& names);

  DropoutRates rates() const;
  // [B, D]. InputError where the checkpoint has no pooler.
  torch::Tensor pooled(const torch::Tensor& first, const Tokens& tokens) const;

  void add_norm(std::vector<TensorSlot>& slots, const std::string& name, LayerNorm& norm,
                int64_t layer) const;
  // Of all layers and the pooler.
  void add_layer_slots(std::vector<TensorSlot>& slots);

  BackboneInfo info_;
  EncoderLayerShape shape_;
  std::deque<EncoderLayer> layers_;  // sites and slots point into it: elements must not move
  Site embedding_site_;

 private:
  LayerNames names_;
  Linear pooler_;
  Site pooler_site_;
};

}  // namespace adaptune
