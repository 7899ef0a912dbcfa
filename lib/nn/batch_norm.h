#pragma once

#include <torch/types.h>

namespace adaptune {

// Batch normalisation of images [B, C, H, W] (Ioffe & Szegedy 2015), with the running statistics; in training
// with the batch's own, which the running ones then follow, unless there is but one value a channel.
struct BatchNorm {
  torch::Tensor weight, bias;               // [C]
  torch::Tensor running_mean, running_var;  // [C]
  double epsilon = 1e-5, momentum = 0.1;    // running = (1 - momentum) running + momentum batch
  bool training = false;

  // Batches are read only where a task owns the norm and trains it: a frozen one stays what it is.
  torch::Tensor operator()(const torch::Tensor& x) const;
};

// norm(x * weight) in evaluation as a convolution with a bias, computed in float64.
struct FoldedNorm {
  torch::Tensor weight, bias;
};
FoldedNorm fold_norm(const torch::Tensor& weight, const BatchNorm& norm);

}  // namespace adaptune
