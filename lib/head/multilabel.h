#pragma once

#include "head/head.h"

namespace adaptune {

// Binary cross-entropy for each label, averaged over labels and rows. labels [B, C] float.
class MultilabelHead final : public Head {
 public:
  MultilabelHead(const HeadSpec& spec, const BackboneInfo& info)
      : Head(spec, info, /*on_every_token=*/false) {}
  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override;
  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const override;
};

}  // namespace adaptune
