#include "nn/attention.h"

#include <torch/torch.h>

#include "adapter/gradient_check.h"
#include "catch.h"

namespace adaptune {
namespace {

using torch::Tensor;

// Three sequences of 6, 4 and 1 real tokens.
Tokens padded() {
  const auto ids = torch::zeros({3, 6}, torch::kInt64);
  const auto lengths = torch::tensor({6, 4, 1});
  return padded_tokens(ids, torch::arange(6).unsqueeze(0) < lengths.unsqueeze(1));
}

// Two heads whose values are the unit vectors: the output is the matrix of probabilities.
Tensor probabilities(const Tensor& query, const Tensor& key, const Tokens& tokens, double dropout) {
  const auto units = torch::eye(6, query.options()).repeat({query.size(0), 1, 2});  // [B, 6, 12]
  return multi_head_attention(query, key, units, 2, tokens, dropout);
}

TEST_CASE("attention's dropout zeroes some probabilities and scales the others") {
  torch::manual_seed(3);
  for (const auto& tokens : {padded(), padded_tokens(torch::zeros({3, 6}, torch::kInt64), Tensor())}) {
    const auto query = torch::randn({3, 6, 12}), key = torch::randn({3, 6, 12});
    const auto whole = probabilities(query, key, tokens, 0),
               dropped = probabilities(query, key, tokens, 0.25);
    const auto kept = dropped.ne(0);
    CHECK(dropped.masked_select(kept).allclose(whole.masked_select(kept) / 0.75, 1e-4, 1e-6));
    const double share = kept.masked_select(whole.gt(0)).to(torch::kFloat64).mean().item<double>();
    CHECK(share > 0.55);
    CHECK(share < 0.95);
  }
}

TEST_CASE("attention with dropout has the gradients of finite differences") {
  torch::manual_seed(5);
  const auto options = torch::TensorOptions(torch::kFloat64).requires_grad(true);
  auto query = torch::randn({3, 6, 8}, options), key = torch::randn({3, 6, 8}, options),
       value = torch::randn({3, 6, 8}, options);
  const auto tokens = padded();
  const auto loss = [&] {
    torch::manual_seed(11);
    return multi_head_attention(query, key, value, 2, tokens, 0.3).square().sum();
  };
  CHECK(largest_gradient_error({query, key, value}, loss) < 1e-6);
}

TEST_CASE("attention with dropout gives gradients to its value alone where only that needs them") {
  auto value = torch::randn({3, 6, 8}, torch::requires_grad());
  const auto frozen = torch::randn({3, 6, 8});
  multi_head_attention(frozen, frozen, value, 2, padded(), 0.3).sum().backward();
  CHECK(value.grad().abs().sum().item<float>() > 0);
}

}  // namespace
}  // namespace adaptune
