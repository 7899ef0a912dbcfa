#pragma once

#include <memory>

#include "head/head.h"
#include "nn/layer_norm.h"

namespace adaptune {

// For each token a score of every place of its sequence: one attention of a single head with its residual and
// LayerNorm, then two linear layers (Wang et al. 2021, as published). Padding is not attended to.
class DependencyHead final : public Head {
 public:
  DependencyHead(const HeadSpec& spec, const BackboneInfo& info, std::unique_ptr<Objective> objective);
  torch::Tensor forward(const Features& features, const Batch& batch) override;  // [N, places]
  Wanted wanted() const override { return {}; }

 private:
  double attention_dropout_;
  torch::nn::Linear query_, key_, value_, attention_output_, dense_, out_;
  torch::nn::LayerNorm norm_;
};

}  // namespace adaptune
