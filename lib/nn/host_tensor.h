#pragma once

#include <torch/types.h>

namespace adaptune {

// A tensor on the host that is filled there and then `moved` to `device`: in pinned memory where that is a
// GPU, so that the copy does not wait. Its elements are whatever the memory held.
torch::Tensor host_tensor(at::IntArrayRef shape, torch::ScalarType type, torch::Device device);
torch::Tensor moved(const torch::Tensor& host, torch::Device device);

}  // namespace adaptune
