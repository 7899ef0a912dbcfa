#include "nn/linear.h"

#include <torch/torch.h>

#include "catch.h"

namespace adaptune {
namespace {

using torch::Tensor;

struct Product {
  Tensor value, gradient;
};

// x W^T + b and the gradient of the sum of its sines.
Product product(const Linear& linear, const Tensor& x) {
  const Tensor leaf = x.detach().clone().requires_grad_();
  const Tensor y = linear(leaf);
  y.sin().sum().backward();
  return {y.detach(), leaf.grad()};
}

double relative_difference(const Tensor& a, const Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

}  // namespace

TEST_CASE("a frozen linear layer multiplies as LibTorch does, in bfloat16 to its precision") {
  torch::manual_seed(1);
  Linear linear;
  linear.weight = torch::randn({48, 32}) / 6;
  linear.bias = torch::randn({48});
  const Tensor x = torch::randn({20, 32});
  const Tensor leaf = x.clone().requires_grad_();
  const Tensor expected = at::linear(leaf, linear.weight, linear.bias);
  expected.sin().sum().backward();
  const auto exact = product(linear, x);
  CHECK(relative_difference(exact.value, expected) < 1e-6);
  CHECK(relative_difference(exact.gradient, leaf.grad()) < 1e-6);

  linear.bfloat16 = true;
  const auto rounded = product(linear, x);
  CHECK(rounded.value.scalar_type() == torch::kFloat32);
  CHECK(rounded.gradient.scalar_type() == torch::kFloat32);
  CHECK(relative_difference(rounded.value, expected) < 0.01);
  CHECK(relative_difference(rounded.value, expected) > 0);
  CHECK(relative_difference(rounded.gradient, leaf.grad()) < 0.02);

  linear.bfloat16 = false;
  const auto bias = linear.bias;
  linear.bias = torch::Tensor();
  CHECK(relative_difference(product(linear, x).value, expected - bias) < 1e-6);
  linear.bias = bias;
  // What was packed for one type is not used for the other.
  CHECK(at::equal(product(linear, x).value, exact.value));
}

TEST_CASE("a trained weight stays in full precision") {
  torch::manual_seed(1);
  Linear linear;
  linear.weight = torch::randn({8, 8}).requires_grad_();
  linear.bias = torch::randn({8});
  linear.bfloat16 = true;
  const Tensor x = torch::randn({4, 8});
  CHECK(at::equal(linear(x), at::linear(x, linear.weight, linear.bias)));
}

}  // namespace adaptune
