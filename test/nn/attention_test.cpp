#include "nn/attention.h"

#include <torch/torch.h>

#include <vector>

#include "adapter/gradient_check.h"
#include "catch.h"

namespace adaptune {
namespace {

using torch::Tensor;

// Neighbours of one length, others, and one with padding in front and behind.
Tokens some_tokens() {
  Tensor mask = torch::ones({4, 6}, torch::kInt64);
  mask[2].slice(0, 4).zero_();
  mask[3].slice(0, 0, 1).zero_();
  mask[3].slice(0, 4).zero_();
  return masked_tokens(mask, 4, 6);
}

// One sequence after the other by the definition, without dropout.
Tensor by_definition(const Tensor& query, const Tensor& key, const Tensor& value, int64_t heads,
                     const Tokens& tokens) {
  std::vector<Tensor> outputs;
  const auto by_head = [&](const Tensor& x) { return x.view({x.size(0), heads, -1}).transpose(0, 1); };
  for (int64_t b = 0; b < tokens.rows(); ++b) {
    const auto& own = tokens.sequences[b];
    const auto q = by_head(query.narrow(0, own.begin, own.length));
    const auto k = by_head(tokens.of(key, b)), v = by_head(tokens.of(value, b));
    const auto scores = at::matmul(q, k.transpose(1, 2)) / std::sqrt(static_cast<double>(q.size(2)));
    outputs.push_back(at::matmul(scores.softmax(-1), v).transpose(0, 1).flatten(1));
  }
  return at::cat(outputs);
}

Tensor random_values(const Tokens& tokens, torch::ScalarType type) {
  return torch::randn({tokens.size(), 8}, torch::TensorOptions(type).requires_grad(true));
}

TEST_CASE("attention is that of the definition, packed, padded, and for first tokens alone") {
  torch::manual_seed(1);
  for (const auto& tokens : {some_tokens(), packed_tokens({6, 6, 2, 1, 1, 3}, torch::kCPU)}) {
    const auto q = random_values(tokens, torch::kFloat32), k = random_values(tokens, torch::kFloat32),
               v = random_values(tokens, torch::kFloat32);
    const auto expected = by_definition(q, k, v, 2, tokens);
    const AttentionTokens self{tokens, tokens};
    CHECK(multi_head_attention(q, k, v, 2, self, 0).allclose(expected, 1e-5, 1e-6));
    CHECK(padded_attention(q, k, v, 2, self, 0).allclose(expected, 1e-5, 1e-6));
    const auto first = chosen_tokens(tokens, 1);
    const auto alone = multi_head_attention(q.index_select(0, tokens.starts), k, v, 2, {first, tokens}, 0);
    CHECK(alone.allclose(expected.index_select(0, tokens.starts), 1e-5, 1e-6));
  }
}

TEST_CASE("attention's dropout zeroes some probabilities and scales the others") {
  torch::manual_seed(3);
  const auto tokens = padded_tokens({6, 6, 6}, torch::kCPU);
  const auto query = torch::randn({18, 12}), key = torch::randn({18, 12});
  // Two heads whose values are the unit vectors: the output is the matrix of probabilities.
  const auto units = torch::eye(6).repeat({3, 2});
  const auto probabilities = [&](double dropout) {
    return multi_head_attention(query, key, units, 2, {tokens, tokens}, dropout);
  };
  const auto whole = probabilities(0), dropped = probabilities(0.25);
  const auto kept = dropped.ne(0);
  CHECK(dropped.masked_select(kept).allclose(whole.masked_select(kept) / 0.75, 1e-4, 1e-6));
  const double share = kept.to(torch::kFloat64).mean().item<double>();
  CHECK(share > 0.55);
  CHECK(share < 0.95);
}

TEST_CASE("attention has the gradients of finite differences") {
  torch::manual_seed(5);
  const auto tokens = some_tokens(), first = chosen_tokens(tokens, 1);
  const auto key = random_values(tokens, torch::kFloat64), value = random_values(tokens, torch::kFloat64);
  for (const auto* queries : {&tokens, &first}) {
    const auto query = random_values(*queries, torch::kFloat64);
    for (const double dropout : {0.0, 0.3}) {
      const auto loss = [&] {
        torch::manual_seed(11);
        return multi_head_attention(query, key, value, 2, {*queries, tokens}, dropout).square().sum();
      };
      CHECK(largest_gradient_error({query, key, value}, loss) < 1e-6);
    }
  }
}

TEST_CASE("attention with dropout gives gradients to its value alone where only that needs them") {
  const auto tokens = some_tokens();
  const auto value = random_values(tokens, torch::kFloat32);
  const auto frozen = torch::randn({tokens.size(), 8});
  multi_head_attention(frozen, frozen, value, 2, {tokens, tokens}, 0.3).sum().backward();
  CHECK(value.grad().abs().sum().item<float>() > 0);
}

}  // namespace
}  // namespace adaptune
