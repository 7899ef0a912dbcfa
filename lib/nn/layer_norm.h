#pragma once

#include <torch/torch.h>

#include <algorithm>

#include "nn/copies.h"

namespace adaptune {

// Layer normalisation over the last dimension, by its weights; [C, 1, D]: those of several tasks.
struct LayerNorm {
  torch::Tensor weight, bias;  // [D]
  double epsilon = 1e-12;

  torch::Tensor operator()(const torch::Tensor& x) const {
    if (weight.dim() == 1 && bias.dim() == 1)
      return at::layer_norm(x, {weight.size(0)}, weight, bias, epsilon);
    const auto normed = at::layer_norm(x, {x.size(-1)}, {}, {}, epsilon);
    const int64_t count = std::max({copies(x), copies(weight), copies(bias)});
    return with_copies(normed, count) * with_copies(weight, count) + with_copies(bias, count);
  }
};

}  // namespace adaptune
