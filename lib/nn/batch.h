#pragma once

#include "nn/tokens.h"

namespace adaptune {

// A network's lowest layers, done already.
struct Trunk {
  int64_t layers = 0;    // how many; the embeddings are below them
  torch::Tensor stream;  // [N, D] behind them; undefined: nothing is done
};

// One batch on the model's device: B examples, of texts the N tokens of all of them.
struct Batch {
  Tokens tokens;
  torch::Tensor input_ids;       // [N] int64
  torch::Tensor token_type_ids;  // [N] int64; undefined: zeros
  torch::Tensor pixels;          // [B, 3, H, W] float: images, which have no tokens
  // classification [B] int64; multi-label [B, C] float; regression [B] float;
  // tagging [N] int64 with -100 where no loss is taken
  torch::Tensor labels;
  Trunk trunk;
  int64_t size() const { return pixels.defined() ? pixels.size(0) : tokens.rows(); }
};

}  // namespace adaptune
