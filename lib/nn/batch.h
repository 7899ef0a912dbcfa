#pragma once

#include <torch/types.h>

namespace adaptune {

// What a backbone needs to know about the rows it computes. Adapters that act on each token alone never
// look at it.
struct Tokens {
  torch::Tensor mask;            // [B, T] bool, true at real tokens; undefined: all are real
  int64_t rows = 0;              // B
  int64_t length = 0;            // T
  torch::Tensor attention_bias;  // [B, 1, 1, T] float, 0 or lowest at padding; undefined: no padding
};

// One batch on the model's device. B examples, T tokens of the longest.
struct Batch {
  torch::Tensor input_ids;       // [B, T] int64
  torch::Tensor token_type_ids;  // [B, T] int64; undefined: zeros
  torch::Tensor attention_mask;  // [B, T] int64, 1 at real tokens; undefined: ones
  // classification [B] int64; multi-label [B, C] float; regression [B] float;
  // tagging [B, T] int64 with -100 where no loss is taken
  torch::Tensor labels;
  int64_t size() const { return input_ids.size(0); }
};

}  // namespace adaptune
