#include "core/config_layers.h"

#include "core/config_scalar.h"

namespace adaptune {
namespace {

// More layers than any network has: a larger number is a slip, and a larger range would fill the memory.
constexpr int64_t kMostLayers = 100000;

struct LayerRange {
  int64_t first, last;
};

std::optional<LayerRange> range_from(const std::string& text) {
  const size_t dash = text.find('-', 1);
  const auto first = integer_from(text.substr(0, dash));
  const auto last = dash == std::string::npos ? first : integer_from(text.substr(dash + 1));
  if (!first || !last || *first < 0 || *last < 0 || *first >= kMostLayers || *last >= kMostLayers)
    return std::nullopt;
  return LayerRange{*first, *last};
}

}  // namespace

std::optional<std::vector<int64_t>> layers_from(const std::string& text) {
  const auto range = range_from(text);
  if (!range || range->first > range->last) return std::nullopt;
  std::vector<int64_t> layers;
  for (int64_t layer = range->first; layer <= range->last; ++layer) layers.push_back(layer);
  return layers;
}

std::string layers_hint(const std::string& text) {
  const auto range = range_from(text);
  if (!range || range->first <= range->last) return "";
  return "write " + std::to_string(range->last) + "-" + std::to_string(range->first);
}

std::string layer_ranges(const std::vector<int64_t>& layers) {
  std::string text;
  for (size_t i = 0; i < layers.size();) {
    size_t last = i;
    while (last + 1 < layers.size() && layers[last + 1] == layers[last] + 1) ++last;
    if (!text.empty()) text += ",";
    text += std::to_string(layers[i]);
    if (last > i) text += "-" + std::to_string(layers[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace adaptune
