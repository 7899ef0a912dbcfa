#pragma once

#include <torch/types.h>

#include "nn/tokens.h"

namespace adaptune {

// Whose tokens ask and whose answer: B sequences each. The same in self-attention, unless only some of the
// queries are wanted.
struct AttentionTokens {
  const Tokens& queries;
  const Tokens& keys;
};

// Multi-head scaled dot-product attention, each sequence's queries over the real tokens of its keys. query
// [N, D], key and value [M, D] with D = heads x head width; returns [N, D], or [C, N, D]
// where one of them has copies (nn/copies.h). `dropout` acts on the attention probabilities. Nothing of size
// length x length is kept for backward.
torch::Tensor multi_head_attention(const torch::Tensor& query, const torch::Tensor& key,
                                   const torch::Tensor& value, int64_t heads, const AttentionTokens& tokens,
                                   double dropout);

// The same by way of sequences padded to one length, on kernels for those: what devices other than the CPU
// use.
torch::Tensor padded_attention(const torch::Tensor& query, const torch::Tensor& key,
                               const torch::Tensor& value, int64_t heads, const AttentionTokens& tokens,
                               double dropout);

}  // namespace adaptune
