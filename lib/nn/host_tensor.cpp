#include "nn/host_tensor.h"

#include <torch/torch.h>

namespace adaptune {

torch::Tensor host_tensor(at::IntArrayRef shape, torch::ScalarType type, torch::Device device) {
  return torch::empty(shape, torch::TensorOptions(type).pinned_memory(device.is_cuda()));
}

torch::Tensor moved(const torch::Tensor& host, torch::Device device) {
  return host.to(device, /*non_blocking=*/true);
}

}  // namespace adaptune
