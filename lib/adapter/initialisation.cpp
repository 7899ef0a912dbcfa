#include "adapter/initialisation.h"

#include <torch/torch.h>

#include <cmath>

namespace adaptune {

void truncated_normal(const torch::Tensor& weight, double std) {
  const torch::NoGradGuard no_grad;
  // By the inverse distribution function: one draw an element, so the generator's use is fixed.
  const double edge = std::erf(2 / std::sqrt(2.0));
  weight.uniform_(-edge, edge).erfinv_().mul_(std * std::sqrt(2.0)).clamp_(-2 * std, 2 * std);
}

void kaiming_uniform(const torch::Tensor& weight) {
  const torch::NoGradGuard no_grad;
  const double bound = 1 / std::sqrt(static_cast<double>(weight.size(1)));
  weight.uniform_(-bound, bound);
}

}  // namespace adaptune
