#pragma once

#include "head/head.h"

namespace adaptune {

// Cross-entropy over classes. labels [B] int64.
class ClassificationHead final : public Head {
 public:
  ClassificationHead(const HeadSpec& spec, const BackboneInfo& info)
      : Head(spec, info, /*on_every_token=*/false) {}
  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override;
  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const override;
};

}  // namespace adaptune
