#pragma once

#include <memory>

#include "head/head.h"

namespace adaptune {

// The features at the marker in front of each entity, side by side; a linear layer and another without a
// non-linearity between them, as in the published code (Wang et al. 2021). Batch::marks says where the
// markers are.
class EntityHead final : public Head {
 public:
  EntityHead(const HeadSpec& spec, const BackboneInfo& info, std::unique_ptr<Objective> objective,
             int64_t entities);
  torch::Tensor forward(const Features& features, const Batch& batch) override;
  Wanted wanted() const override { return {.every_token = false, .marked = true}; }

 private:
  torch::nn::Linear dense_, out_;
};

}  // namespace adaptune
