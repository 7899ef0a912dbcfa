#pragma once

#include "head/head.h"

namespace adaptune {

// Cross-entropy on every labelled token; -100 and padding are left out. labels [N] int64.
class TaggingHead final : public Head {
 public:
  TaggingHead(const HeadSpec& spec, const BackboneInfo& info) : Head(spec, info, /*on_every_token=*/true) {}
  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override;
  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const override;
};

}  // namespace adaptune
