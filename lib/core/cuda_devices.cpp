#include "core/cuda_devices.h"

#include <dlfcn.h>

#include <array>

namespace adaptune {
namespace {

// The few functions of the driver that are asked here; they return 0 where they succeed.
struct Driver {
  int (*init)(unsigned flags) = nullptr;
  int (*device_count)(int* count) = nullptr;
  int (*device)(int* device, int number) = nullptr;
  int (*device_name)(char* name, int bytes, int device) = nullptr;
  int (*total_memory)(size_t* bytes, int device) = nullptr;

  bool complete() const { return init && device_count && device && device_name && total_memory; }
};

template <typename Function>
void find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
}

Driver open_driver() {
  Driver driver;
  // Never closed: LibTorch may be using it too.
  void* library = ::dlopen("libcuda.so.1", RTLD_NOW);
  if (library == nullptr) return driver;
  find(library, "cuInit", driver.init);
  find(library, "cuDeviceGetCount", driver.device_count);
  find(library, "cuDeviceGet", driver.device);
  find(library, "cuDeviceGetName", driver.device_name);
  find(library, "cuDeviceTotalMem_v2", driver.total_memory);
  return driver;
}

}  // namespace

std::vector<CudaDevice> cuda_devices() {
  const auto driver = open_driver();
  int count = 0;
  if (!driver.complete() || driver.init(0) != 0 || driver.device_count(&count) != 0) return {};
  std::vector<CudaDevice> devices;
  for (int number = 0; number < count; ++number) {
    int device = 0;
    std::array<char, 256> name{};
    size_t bytes = 0;
    if (driver.device(&device, number) != 0) continue;
    driver.device_name(name.data(), static_cast<int>(name.size()) - 1, device);
    driver.total_memory(&bytes, device);
    devices.push_back({name.data(), static_cast<int64_t>(bytes)});
  }
  return devices;
}

}  // namespace adaptune
