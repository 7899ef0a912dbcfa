#pragma once

#include <torch/types.h>

namespace adaptune {

// y = x * W + b over images [B, C, H, W], stored channels last. The kernel is frozen, or replaced by a
// trainable copy while a task overrides it.
struct Convolution {
  torch::Tensor weight;  // [out, in, k, k]
  torch::Tensor bias;    // [out]; undefined: none
  int64_t stride = 1, padding = 0;

  torch::Tensor operator()(const torch::Tensor& x) const;  // [B, in, H, W] -> [B, out, H', W']
};

// x * (kernel + centre in its middle): a frozen kernel [out, in, k, k], k odd, and beside it what trains, a
// 1x1 kernel [out, in, 1, 1] of the same stride. One convolution forward and one backward, where the two
// apart take two of each.
torch::Tensor centred_convolution(const torch::Tensor& x, const Convolution& frozen,
                                  const torch::Tensor& centre);

// x * kernel [out, in, 1, 1] over every `stride`-th pixel of each row and column.
torch::Tensor pointwise_convolution(const torch::Tensor& x, const torch::Tensor& kernel, int64_t stride = 1);

}  // namespace adaptune
