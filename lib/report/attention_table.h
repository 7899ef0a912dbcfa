#pragma once
// What a fusion attends to: "did it use my adapter?"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "report/table.h"

namespace adaptune {

// Mean attention over the tokens of a split. Rows sum to 1 over the adapters.
struct FusionAttention {
  std::vector<std::string> adapters;         // [N]
  std::vector<std::string> layers;           // [L] "0", or "encoder 0"
  std::vector<std::vector<double>> weights;  // [L][N]
};

using AdapterShare = std::pair<std::string, double>;

// All functions: std::logic_error when the shapes do not agree.

// A row a layer, a column an adapter, two decimals; full precision in CSV.
Table attention_table(const FusionAttention& attention);
// Adapters by their mean over the layers, largest first (the given order on ties), at most `count`.
std::vector<AdapterShare> most_used_adapters(const FusionAttention& attention, size_t count = 3);

// "mnli 0.41 · qqp 0.22 · rte 0.19"
std::string attention_text(const std::vector<AdapterShare>& shares);
// attention_text of the three most used.
std::string attention_summary(const FusionAttention& attention);

}  // namespace adaptune
