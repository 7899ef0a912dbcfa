#include "backbone/fresh_tensor.h"

#include <torch/torch.h>

#include <cmath>

namespace adaptune {
namespace {

// By what a kernel feeds.
double he_deviation(const TensorSlot& slot) {
  return std::sqrt(2.0 / static_cast<double>(slot.shape[0] * slot.shape[2] * slot.shape[3]));
}

}  // namespace

torch::Tensor fresh_tensor(const TensorSlot& slot, const BackboneInfo& info) {
  switch (slot.role) {
    case TensorRole::kNormWeight:
    case TensorRole::kBatchNormWeight:
    case TensorRole::kRunningVar:
      return torch::ones(slot.shape);
    case TensorRole::kBias:
    case TensorRole::kNormBias:
    case TensorRole::kBatchNormBias:
    case TensorRole::kRunningMean:
      return torch::zeros(slot.shape);
    case TensorRole::kWeight:
      return torch::empty(slot.shape)
          .normal_(0, slot.shape.size() == 4 ? he_deviation(slot) : info.init_range);
    case TensorRole::kEmbedding:
      break;
  }
  return torch::empty(slot.shape).normal_(0, info.init_range);
}

}  // namespace adaptune
