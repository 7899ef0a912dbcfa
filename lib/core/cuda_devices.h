#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace adaptune {

struct CudaDevice {
  std::string name;
  int64_t memory_bytes = 0;
};

// The GPUs that NVIDIA's driver shows this process, by number; none where there is no driver. Asks the driver
// itself, so that neither a CUDA toolkit nor a CUDA build of LibTorch is needed.
std::vector<CudaDevice> cuda_devices();

}  // namespace adaptune
