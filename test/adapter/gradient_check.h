#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace adaptune {

// Compares the gradient of a scalar function with central differences of fourth order in float64, along one
// random direction for each tensor. Returns the largest error relative to max(1, |derivative|).
inline double largest_gradient_error(const std::vector<torch::Tensor>& parameters,
                                     const std::function<torch::Tensor()>& loss) {
  constexpr double kStep = 1e-5;
  const auto gradients = torch::autograd::grad({loss()}, parameters, {}, {}, false, /*allow_unused=*/true);
  const torch::NoGradGuard no_grad;
  double largest = 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    torch::Tensor parameter = parameters[i];
    const auto direction = at::randn_like(parameter);
    const auto saved = parameter.clone();
    const auto moved = [&](double step) {
      parameter.copy_(saved + step * direction);
      return loss().item<double>();
    };
    const double near = moved(kStep) - moved(-kStep), far = moved(2 * kStep) - moved(-2 * kStep);
    const double numeric = (8 * near - far) / (12 * kStep);
    parameter.copy_(saved);
    const double exact = gradients[i].defined() ? (gradients[i] * direction).sum().item<double>() : 0;
    largest = std::max(largest, std::abs(numeric - exact) / std::max(1.0, std::abs(exact)));
  }
  return largest;
}

}  // namespace adaptune
