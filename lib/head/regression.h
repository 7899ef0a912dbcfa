#pragma once

#include "head/head.h"

namespace adaptune {

// Mean squared error of one number. labels [B] float.
class RegressionHead final : public Head {
 public:
  RegressionHead(const HeadSpec& spec, const BackboneInfo& info)
      : Head(spec, info, /*on_every_token=*/false) {}
  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override;
  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const override;
};

}  // namespace adaptune
