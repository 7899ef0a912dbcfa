#pragma once

#include <memory>
#include <vector>

#include "head/head.h"

namespace adaptune {

// Linear layers on the first token, on the backbone's pooled output, or on every token. They are named by
// AdapterHub's module numbers: dropout, linear and activation each take one.
class LinearHead final : public Head {
 public:
  LinearHead(const HeadSpec& spec, const BackboneInfo& info, std::unique_ptr<Objective> objective,
             bool on_every_token);
  torch::Tensor forward(const Features& features, const Batch& batch) override;
  Wanted wanted() const override { return {{}, spec().use_pooler, on_every_token_}; }

 private:
  bool on_every_token_;
  std::vector<torch::nn::Linear> linears_;
};

// Number of the module that holds linear layer i: 1, 4, 7 with activations between, 1, 3, 5 without.
int64_t head_module_number(const HeadSpec& spec, int64_t layer);

}  // namespace adaptune
