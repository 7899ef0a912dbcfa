#pragma once

#include <torch/types.h>

#include "nn/batch.h"

namespace adaptune {

// Multi-head scaled dot-product attention. query [B, T, D], key and value [B, S, D] with D = heads x head
// width; returns [B, T, D]. `tokens.attention_bias` is added to the scores. `dropout` acts on the
// attention probabilities.
torch::Tensor multi_head_attention(const torch::Tensor& query, const torch::Tensor& key,
                                   const torch::Tensor& value, int64_t heads, const Tokens& tokens,
                                   double dropout);

// What a layer knows of token 0 alone: [B, 1]. The bias stays that of all keys.
Tokens first_token(const Tokens& tokens);

// The rows of a padded batch: mask and attention bias from attention_mask [B, T] (undefined: all real).
Tokens padded_tokens(const torch::Tensor& input_ids, const torch::Tensor& attention_mask);

}  // namespace adaptune
