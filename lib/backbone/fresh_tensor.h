#pragma once

#include "backbone/backbone.h"

namespace adaptune {

// A tensor of a network that has learned nothing, float32 on the CPU, from LibTorch's generator: kernels of
// convolutions as He et al. (2015) draw them, other weights and embeddings normal with the family's
// deviation, norms as the identity, biases zero.
torch::Tensor fresh_tensor(const TensorSlot& slot, const BackboneInfo& info);

}  // namespace adaptune
