// Which layers a method's adapters are in.

#include <algorithm>
#include <numeric>

#include "adapter/method.h"
#include "core/config_layers.h"

namespace adaptune {
namespace {

constexpr const char* kDropKey = "adapter.drop.layers";

// Layers that a mapping by layer names.
std::vector<int64_t> layers_named(const std::map<std::string, double>& by_layer) {
  std::vector<int64_t> layers;
  for (const auto& [key, value] : by_layer) {
    if (const auto named = layers_from(key)) layers.push_back(named->front());
  }
  return layers;
}

// Those of `layers` that are neither left out nor dropped, ascending.
std::vector<int64_t> left_layers(const AdapterSpec& spec, int64_t layer_count) {
  std::vector<int64_t> layers(layer_count);
  std::iota(layers.begin(), layers.end(), 0);
  if (spec.layers) {
    layers = *spec.layers;
    std::sort(layers.begin(), layers.end());
    layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  }
  const int64_t dropped = fixed_drop(spec.drop, layer_count, kDropKey);
  std::erase_if(layers, [&](int64_t layer) {
    return layer < dropped || std::count(spec.leave_out.begin(), spec.leave_out.end(), layer) > 0;
  });
  return layers;
}

}  // namespace

std::vector<ValueError> layer_problems(const AdapterSpec& spec, int64_t layer_count) {
  std::vector<ValueError> problems;
  const auto check = [&](std::vector<int64_t> given, const char* key) {
    std::erase_if(given, [&](int64_t layer) { return layer >= 0 && layer < layer_count; });
    if (given.empty()) return;
    std::sort(given.begin(), given.end());
    problems.emplace_back(std::string("adapter.") + key,
                          (given.size() == 1 ? "layer " : "layers ") + layer_ranges(given) +
                              (given.size() == 1 ? " does" : " do") +
                              " not exist; this backbone has layers 0-" + std::to_string(layer_count - 1));
  };
  if (spec.layers) check(*spec.layers, "layers");
  check(spec.leave_out, "leave_out");
  if (const auto* bottleneck = std::get_if<BottleneckOptions>(&spec.site))
    check(layers_named(bottleneck->reduction_factor), "reduction_factor");
  try {
    fixed_drop(spec.drop, layer_count, kDropKey);
    robust_drop(spec.drop, layer_count, kDropKey);
  } catch (const ValueError& error) {
    problems.push_back(error);
  }
  if (!problems.empty() || !left_layers(spec, layer_count).empty()) return problems;
  problems.emplace_back(
      fixed_drop(spec.drop, layer_count, kDropKey) > 0 ? kDropKey
      : spec.leave_out.empty()                         ? "adapter.layers"
                                                       : "adapter.leave_out",
      "'layers', 'leave_out' and 'drop' together leave no layer with an adapter; leave at least one");
  return problems;
}

std::vector<int64_t> adapted_layers(const AdapterSpec& spec, int64_t layer_count) {
  const auto problems = layer_problems(spec, layer_count);
  if (!problems.empty()) throw ValueError(problems.front());
  return left_layers(spec, layer_count);
}

}  // namespace adaptune
