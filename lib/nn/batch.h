#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "nn/tokens.h"

namespace adaptune {

// What of a pass through a frozen network is known already.
struct Trunk {
  // Hidden states [N, D]: 0 the embeddings, i behind layer i - 1. The pass goes on behind the last of them.
  std::map<int64_t, torch::Tensor> states;
  // What frozen knowledge adapters give, [N, D] each, in the order in which they are combined: of all of them
  // or none.
  std::vector<torch::Tensor> outputs;
  bool empty() const { return states.empty(); }
};

// One batch on the model's device: B examples, of texts the N tokens of all of them.
struct Batch {
  Tokens tokens;
  torch::Tensor input_ids;       // [N] int64
  torch::Tensor token_type_ids;  // [N] int64; undefined: zeros
  torch::Tensor pixels;          // [B, 3, H, W] float: images, which have no tokens
  // classification [B] int64; multi-label [B, C] float; regression [B] float;
  // tagging [N] int64 with -100 where no loss is taken
  // cloze [B, A] int64, answers any of which is right, filled up with -100;
  // and of dependency heads the place of a token's head; entities as classification or multi-label
  torch::Tensor labels;
  torch::Tensor
      marks;    // [B, M] int64: rows of the stream that a head on marked tokens reads; undefined: none
  Trunk trunk;  // empty: nothing is known
  int64_t size() const { return pixels.defined() ? pixels.size(0) : tokens.rows(); }
};

}  // namespace adaptune
