#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config_node.h"

namespace adaptune {

// How an adapter layer takes up what the one before it gave: c_i from the state H at its position and
// c_(i-1).
//   add:    u = H + c_(i-1),   c_i = u + up(inner(down(u)))       (the published code)
//   concat: u = [H; c_(i-1)],  c_i = H + up(inner(down(u)))       (the paper's words)
struct KnowledgeOptions {
  // Hidden states that are read, in ascending order: 0 the embeddings, i behind layer i - 1. Empty: the
  // first, the one in the middle and the one below the last, {0, (L - 1) / 2, L - 1} of L layers.
  std::optional<std::vector<int64_t>> positions;
  std::optional<int64_t> inner_width;         // empty: three quarters of the encoder's
  int64_t inner_layers = 2;                   // Transformer layers in each adapter layer
  std::optional<int64_t> inner_heads;         // empty: one for every 64 of inner_width, at least one
  std::optional<int64_t> inner_intermediate;  // empty: four times inner_width
  std::string non_linearity = "gelu";
  double layer_norm_eps = 1e-5;
  double dropout = 0.1;    // inside the Transformer layers
  double init_std = 2e-4;  // of down and up; the inner layers start as linear layers usually do
  std::string chaining = "add";
  // Whether padding is kept out of the inner attention. The published code attends to it, so that an
  // example's features depend on those beside it in a batch.
  bool mask_padding = true;
  friend bool operator==(const KnowledgeOptions&, const KnowledgeOptions&) = default;
};

// Those that are empty filled in for an encoder of so many layers and this width.
struct KnowledgeShape {
  std::vector<int64_t> positions;
  int64_t hidden = 0, inner_width = 0, inner_heads = 0, inner_intermediate = 0;
};
KnowledgeShape knowledge_shape(const KnowledgeOptions& options, int64_t layers, int64_t hidden_size);

// Their keys in a configuration.
void read_options(ConfigNode node, KnowledgeOptions& options);

}  // namespace adaptune
