#include "adapter/drop.h"

#include <numeric>

#include "core/error.h"

namespace adaptune {
namespace {

int64_t checked(int64_t dropped, int64_t layer_count, const std::string& key) {
  if (dropped < layer_count) return dropped;
  throw ValueError(key, std::to_string(dropped) + " dropped layers leave no adapter; this backbone has " +
                            std::to_string(layer_count) + " layers, so at most " +
                            std::to_string(layer_count - 1) + " can be dropped");
}

}  // namespace

void read_drop_options(ConfigNode node, DropOptions& options) {
  auto section = node.section("drop", "mode");
  section.read("mode", options.mode, one_of({"none", "fixed", "robust"}));
  // A mode does away with the suite's number, whatever it says of its own.
  if (section.has("mode")) options.layers.reset();
  section.read("layers", options.layers, at_least(0));
  if (!options.layers)
    section.record_empty("layers", options.mode == "robust" ? "all but the last" : "of fixed and robust");
  if (options.mode == "none" && options.layers) {
    section.error_at_written({"layers"}, "'layers' has no effect with mode none", "mode: fixed, or robust");
  }
  if (options.mode == "fixed" && !options.layers) {
    section.error_at_written({"mode", "layers"},
                             "drop: mode fixed needs `layers`, the number of lower layers without adapters");
  }
}

int64_t fixed_drop(const DropOptions& options, int64_t layer_count, const std::string& key) {
  return options.mode == "fixed" ? checked(options.layers.value_or(0), layer_count, key) : 0;
}

std::optional<int64_t> robust_drop(const DropOptions& options, int64_t layer_count, const std::string& key) {
  if (options.mode != "robust") return std::nullopt;
  return checked(options.layers.value_or(layer_count - 1), layer_count, key);
}

std::vector<int64_t> lowest_layers(int64_t n) {
  std::vector<int64_t> layers(n);
  std::iota(layers.begin(), layers.end(), 0);
  return layers;
}

}  // namespace adaptune
