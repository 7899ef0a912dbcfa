#include "nn/attention.h"

#include <torch/torch.h>

#include <limits>

namespace adaptune {

using torch::Tensor;

Tensor multi_head_attention(const Tensor& query, const Tensor& key, const Tensor& value, int64_t heads,
                            const Tokens& tokens, double dropout) {
  const auto split = [heads](const Tensor& x) {
    return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);  // [B, H, T, D/H]
  };
  const auto bias =
      tokens.attention_bias.defined() ? std::optional<Tensor>(tokens.attention_bias) : std::nullopt;
  const auto mixed = at::scaled_dot_product_attention(split(query), split(key), split(value), bias, dropout);
  return mixed.transpose(1, 2).reshape(query.sizes());
}

Tokens padded_tokens(const Tensor& input_ids, const Tensor& attention_mask) {
  Tokens tokens;
  tokens.rows = input_ids.size(0);
  tokens.length = input_ids.size(1);
  if (!attention_mask.defined()) return tokens;
  tokens.mask = attention_mask.to(torch::kBool);
  const auto zero = at::zeros({}, input_ids.options().dtype(torch::kFloat32));
  tokens.attention_bias =
      at::where(tokens.mask, zero, at::full_like(zero, std::numeric_limits<float>::lowest()))
          .unsqueeze(1)
          .unsqueeze(1);
  return tokens;
}

}  // namespace adaptune
