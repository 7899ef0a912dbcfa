#include "nn/convolution.h"

#include <torch/torch.h>

namespace adaptune {

namespace {

// oneDNN's weight gradient of 1x1 kernels with a stride writes beyond its memory for some numbers of
// channels (LibTorch 2.13): the pixels are picked first.
torch::Tensor every(const torch::Tensor& x, int64_t stride) {
  return stride == 1 ? x : x.slice(2, 0, std::nullopt, stride).slice(3, 0, std::nullopt, stride);
}

}  // namespace

torch::Tensor Convolution::operator()(const torch::Tensor& x) const {
  if (weight.size(2) == 1 && stride > 1) return at::conv2d(every(x, stride), weight, bias);
  return at::conv2d(x, weight, bias, stride, padding);
}

torch::Tensor pointwise_convolution(const torch::Tensor& x, const torch::Tensor& kernel, int64_t stride) {
  return at::conv2d(every(x, stride), kernel);
}

}  // namespace adaptune
