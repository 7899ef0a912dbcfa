#pragma once

#include <torch/torch.h>

namespace adaptune {

// Layer normalisation over the last dimension, by its weights.
struct LayerNorm {
  torch::Tensor weight, bias;  // [D]
  double epsilon = 1e-12;

  torch::Tensor operator()(const torch::Tensor& x) const {
    return at::layer_norm(x, {weight.size(0)}, weight, bias, epsilon);
  }
};

}  // namespace adaptune
