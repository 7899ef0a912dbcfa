#pragma once

#include <torch/types.h>

namespace adaptune {

// Fills in place from the global generator.
// Normal(0, std) redrawn outside +-2 std.
void truncated_normal(const torch::Tensor& weight, double std);
// Uniform(-1/sqrt(in), 1/sqrt(in)): Kaiming with a = sqrt(5), PyTorch's default for linears.
void kaiming_uniform(const torch::Tensor& weight);

}  // namespace adaptune
