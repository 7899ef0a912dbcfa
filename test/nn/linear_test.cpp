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

TEST_CASE(
    "a learned linear layer multiplies as LibTorch does, with its gradients, and is packed anew when it "
    "changed") {
  torch::manual_seed(3);
  for (const bool has_bias : {true, false}) {
    Linear linear;
    linear.weight = (torch::randn({48, 32}) / 6).requires_grad_();
    if (has_bias) linear.bias = torch::randn({48}).requires_grad_();
    const Tensor x = torch::randn({4, 5, 32}).requires_grad_();
    std::vector<Tensor> inputs{x, linear.weight};
    if (has_bias) inputs.push_back(linear.bias);
    const auto y = linear(x), expected = at::linear(x, linear.weight, linear.bias);
    CHECK(relative_difference(y, expected) < 1e-6);
    const auto found = torch::autograd::grad({y.sin().sum()}, inputs);
    const auto right = torch::autograd::grad({expected.sin().sum()}, inputs);
    for (size_t i = 0; i < inputs.size(); ++i) {
      CHECK(found[i].sizes() == inputs[i].sizes());
      CHECK(relative_difference(found[i], right[i]) < 1e-6);
    }
    const torch::NoGradGuard no_grad;
    CHECK(relative_difference(linear(x), expected) < 1e-6);
    linear.weight.mul_(2);
    CHECK(relative_difference(linear(x), at::linear(x, linear.weight, linear.bias)) < 1e-6);
  }
}

TEST_CASE("a frozen product has the gradients of finite differences") {
  torch::manual_seed(2);
  Linear linear;
  linear.weight = torch::randn({48, 32}) / 6;
  linear.bias = torch::randn({48});
  const Tensor x = torch::randn({20, 32});
  const auto loss = [&](const Tensor& x) { return linear(x).to(torch::kFloat64).sin().sum().item<double>(); };
  const double exact_part = 1e-3, rounded_part = 0.1;
  for (const bool bfloat16 : {false, true}) {
    INFO(bfloat16);
    linear.bfloat16 = bfloat16;
    const Tensor gradient = product(linear, x).gradient;
    // Along the gradient the derivative is largest; rounding hides that of another direction.
    const Tensor direction = gradient / gradient.norm();
    const double step = bfloat16 ? 0.5 : 0.05;
    const double near = loss(x + step * direction) - loss(x - step * direction);
    const double far = loss(x + 2 * step * direction) - loss(x - 2 * step * direction);
    CHECK((8 * near - far) / (12 * step) ==
          Approx(gradient.norm().item<double>()).epsilon(bfloat16 ? rounded_part : exact_part));
  }
}

TEST_CASE("values between two products in bfloat16 may stay in it") {
  torch::manual_seed(3);
  Linear first, second;
  first.weight = torch::randn({48, 32}) / 6;
  first.bias = torch::randn({48});
  second.weight = torch::randn({16, 48}) / 7;
  CHECK_FALSE(first.rounds());
  first.bfloat16 = second.bfloat16 = true;
  if (!multiplies_bfloat16()) {
    CHECK_FALSE(first.rounds());
    return;
  }
  REQUIRE(first.rounds());
  REQUIRE(second.rounds());
  const Tensor x = torch::randn({20, 32}).requires_grad_(), same = x.detach().clone().requires_grad_();
  const Tensor widened = second(at::gelu(first(x)));
  const Tensor kept = second(at::gelu(first(same.to(torch::kBFloat16)))).to(torch::kFloat32);
  CHECK(at::equal(kept, widened));
  widened.sin().sum().backward();
  kept.sin().sum().backward();
  CHECK(at::equal(same.grad(), x.grad()));
  first.weight.requires_grad_();
  CHECK_FALSE(first.rounds());
}

TEST_CASE("a trained weight stays in full precision") {
  torch::manual_seed(1);
  Linear linear;
  linear.weight = torch::randn({8, 8}).requires_grad_();
  linear.bias = torch::randn({8});
  linear.bfloat16 = true;
  const Tensor x = torch::randn({4, 8});
  CHECK(relative_difference(linear(x), at::linear(x, linear.weight, linear.bias)) < 1e-6);
}

}  // namespace adaptune
