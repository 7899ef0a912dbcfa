#include "nn/batch_norm.h"

#include <torch/torch.h>

namespace adaptune {

torch::Tensor BatchNorm::operator()(const torch::Tensor& x) const {
  // The variance of a single value is no variance.
  const bool from_batch = training && weight.requires_grad() && x.numel() > x.size(1);
  return at::batch_norm(x, weight, bias, running_mean, running_var, from_batch, momentum, epsilon,
                        /*cudnn_enabled=*/true);
}

FoldedNorm fold_norm(const torch::Tensor& weight, const BatchNorm& norm) {
  const torch::NoGradGuard no_grad;
  const auto exact = [](const torch::Tensor& value) { return value.to(torch::kFloat64); };
  const auto scale = exact(norm.weight) / (exact(norm.running_var) + norm.epsilon).sqrt();
  const auto bias = exact(norm.bias) - exact(norm.running_mean) * scale;
  return {(exact(weight) * scale.view({-1, 1, 1, 1})).to(weight.scalar_type()),
          bias.to(weight.scalar_type())};
}

}  // namespace adaptune
