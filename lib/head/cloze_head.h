#pragma once

#include <memory>

#include "head/head.h"

namespace adaptune {

// Scores of all words for the token at the mask, as BERT's and RoBERTa's own heads make them: a linear layer,
// GELU, LayerNorm, then the product with the backbone's word embeddings and a bias. Trained are all but the
// embeddings.
class ClozeHead final : public Head {
 public:
  ClozeHead(const HeadSpec& spec, const BackboneInfo& info, std::unique_ptr<Objective> objective);
  torch::Tensor forward(const Features& features, const Batch& batch) override;  // [B, V]
  Wanted wanted() const override { return {.every_token = false, .marked = true, .words = true}; }

 private:
  torch::nn::Linear dense_;
  torch::nn::LayerNorm norm_;
  torch::Tensor bias_;  // [V]
};

}  // namespace adaptune
