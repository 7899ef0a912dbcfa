#pragma once
// AdapterDrop, Rücklé et al. 2021: the layers below n run without adapters.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config_node.h"

namespace adaptune {

struct DropOptions {
  // none; fixed: the lowest `layers` layers never get adapters ("specialised"); robust: each training step
  // leaves out the lowest n, drawn from 0 to `layers`, so that one adapter serves every n up to there.
  std::string mode = "none";
  std::optional<int64_t> layers;  // fixed: required; robust: empty means all but the last
};

// Reads the section `drop` of `node`, itself a mapping; also the writer.
void read_drop_options(ConfigNode node, DropOptions& options);
// Layers without adapters in every pass: n of fixed, else 0. ValueError at `key` ("adapter.drop.layers")
// where none of `layer_count` layers would be left.
int64_t fixed_drop(const DropOptions& options, int64_t layer_count, const std::string& key);
// The largest n that training draws; empty: it draws none. ValueError as above.
std::optional<int64_t> robust_drop(const DropOptions& options, int64_t layer_count, const std::string& key);
// 0 .. n - 1
std::vector<int64_t> lowest_layers(int64_t n);

}  // namespace adaptune
