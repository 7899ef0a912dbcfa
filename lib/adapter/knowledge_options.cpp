#include "adapter/knowledge_options.h"

#include <algorithm>
#include <functional>

#include "nn/activation.h"

namespace adaptune {
namespace {

constexpr int64_t kHeadWidth = 64;

bool rise_from_zero(const std::vector<int64_t>& values) {
  const bool rise = std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end();
  return !values.empty() && rise && values.front() >= 0;
}

}  // namespace

KnowledgeShape knowledge_shape(const KnowledgeOptions& options, int64_t layers, int64_t hidden_size) {
  KnowledgeShape shape;
  shape.positions = options.positions.value_or(std::vector<int64_t>{0, (layers - 1) / 2, layers - 1});
  shape.positions.erase(std::unique(shape.positions.begin(), shape.positions.end()), shape.positions.end());
  shape.hidden = hidden_size;
  shape.inner_width = options.inner_width.value_or(std::max<int64_t>(1, hidden_size * 3 / 4));
  shape.inner_heads = options.inner_heads.value_or(std::max<int64_t>(1, shape.inner_width / kHeadWidth));
  shape.inner_intermediate = options.inner_intermediate.value_or(4 * shape.inner_width);
  return shape;
}

void read_options(ConfigNode node, KnowledgeOptions& o) {
  node.read("layers", o.positions);
  if (o.positions && !rise_from_zero(*o.positions))
    node.error_at_written({"layers"}, "'layers' must be different numbers from 0 on, the smallest first");
  if (!o.positions) node.record_empty("layers", "the first, the middle and the last hidden state but one");
  node.read("adapter_size", o.inner_width, at_least(1));
  if (!o.inner_width) node.record_empty("adapter_size", "three quarters of the backbone's width");
  node.read("adapter_transformer_layers", o.inner_layers, at_least(1));
  node.read("adapter_heads", o.inner_heads, at_least(1));
  if (!o.inner_heads) node.record_empty("adapter_heads", "one for every 64 of adapter_size");
  node.read("adapter_intermediate_size", o.inner_intermediate, at_least(1));
  if (!o.inner_intermediate) node.record_empty("adapter_intermediate_size", "four times adapter_size");
  node.read("non_linearity", o.non_linearity, one_of(activation_names()));
  node.read("layer_norm_eps", o.layer_norm_eps, positive());
  node.read("dropout", o.dropout, share_below_one());
  node.read("init_std", o.init_std, positive());
  node.read("chaining", o.chaining, one_of({"add", "concat"}));
  node.read("mask_padding", o.mask_padding);
  int64_t skip = 0;
  node.read("adapter_skip_layers", skip, [](const int64_t& value) -> std::optional<std::string> {
    if (value == 0) return std::nullopt;
    return "is 0, off, in all published runs, and nothing else is known";
  });
}

}  // namespace adaptune
