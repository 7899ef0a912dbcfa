#include "model/merge.h"

#include <algorithm>

#include "core/error.h"

namespace adaptune {
namespace {

using torch::Tensor;

// The tensor that `shift` of a convolution's outputs moves: these networks' convolutions have no bias, and
// norm(x + shift) is norm(x) with another running mean.
Tensor& running_mean_behind(std::vector<TensorSlot>& slots, const Tensor* kernel) {
  const auto own =
      std::find_if(slots.begin(), slots.end(), [&](const auto& slot) { return slot.tensor == kernel; });
  const auto mean =
      std::find_if(own, slots.end(), [](const auto& slot) { return slot.role == TensorRole::kRunningMean; });
  TORCH_CHECK(mean != slots.end(), "a convolution without a norm behind it");
  return *mean->tensor;
}

Tensor as(const Tensor& value, const Tensor& like) { return value.to(like.scalar_type()); }

}  // namespace

void merge_into(const TaskAdapter& adapter, Backbone& backbone) {
  if (adapter.knowledge_adapter())
    throw ValueError("merge",
                     "an adapter beside the backbone (k_adapter) cannot be written into its weights");
  const torch::NoGradGuard no_grad;
  auto slots = backbone.tensors();
  for (const auto& override : adapter.overridden()) *override.slot.tensor = override.trained.detach().clone();
  for (const auto& [site, own] : adapter.site_adapters()) {
    const Tensor* weight = site->info().weight;
    const auto merged = weight ? own->merged(weight->to(torch::kFloat64)) : std::nullopt;
    if (!merged) {
      throw ValueError(
          "merge",
          "the adapter at '" + site->info().path() +
              "' cannot be written into the backbone's weights; residual convolutions and batch norms can");
    }
    const auto slot =
        std::find_if(slots.begin(), slots.end(), [&](const auto& s) { return s.tensor == weight; });
    *slot->tensor = as(merged->weight, *weight);
    if (!merged->shift.defined()) continue;
    Tensor& mean = running_mean_behind(slots, weight);
    mean = as(mean.to(torch::kFloat64) - merged->shift, mean);
  }
}

}  // namespace adaptune
