#include "recipe/doctor.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <sys/utsname.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/cuda_devices.h"
#include "core/version.h"
#include "nn/linear.h"
#include "report/number_format.h"
#include "report/table.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

std::string system_name() {
  utsname name{};
  return ::uname(&name) == 0 ? std::string(name.sysname) + " " + name.release + " " + name.machine
                             : "unknown";
}

std::string instruction_sets() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") ? "AVX-512" : __builtin_cpu_supports("avx2") ? "AVX2" : "baseline";
#else
  return "not x86";
#endif
}

int64_t memory_bytes() { return static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGE_SIZE); }

// Whether this LibTorch was built with a part, such as "NCCL".
bool is_built_with(const std::string& part) {
  static const std::string settings = at::show_config();  // "..., USE_GLOO=ON, USE_CUDA=0, ..."
  const std::string name = " USE_" + part + "=";
  const auto at = settings.find(name);
  if (at == std::string::npos) return false;
  const auto value = settings.substr(at + name.size(), settings.find_first_of(",\n", at) - at - name.size());
  return value == "ON" || value == "1";
}

ordered_json gpus() {
  auto devices = ordered_json::array();
  for (const auto& device : cuda_devices())
    devices.push_back({{"name", device.name}, {"memory_bytes", device.memory_bytes}});
  return devices;
}

ordered_json facts() {
  return {{"adaptune", version_and_commit()},
          {"libtorch", TORCH_VERSION},
          {"system", system_name()},
          {"instruction_sets", instruction_sets()},
          {"threads", at::get_num_threads()},
          {"memory_bytes", memory_bytes()},
          {"gpus", gpus()},
          {"cuda", is_built_with("CUDA")},
          {"cuda_devices", torch::cuda::device_count()},
          {"nccl", is_built_with("NCCL")},
          {"gloo", is_built_with("GLOO")},
          {"onednn", at::globalContext().hasMKLDNN()},
          {"mkl", at::globalContext().hasMKL()},
          {"frozen_weights_packed", packs_frozen_weights()},
          {"free_disk_bytes", free_disk_bytes(".")}};
}

// The same for people: "memory_bytes" becomes "memory" in MiB, a list a row an item.
void add_rows(const std::string& key, const ordered_json& value, Table& table) {
  if (value.is_array()) {
    if (value.empty()) table.add_row({key, "none"});
    for (const auto& item : value) {
      table.add_row(
          {key, item["name"].get<std::string>() + ", " + mebibytes(item["memory_bytes"].get<int64_t>())});
    }
    return;
  }
  std::string name = key, text = value.is_string() ? value.get<std::string>() : value.dump();
  if (value.is_boolean()) text = value.get<bool>() ? "yes" : "no";
  if (name.ends_with("_bytes")) {
    name.erase(name.rfind('_'));
    text = mebibytes(value.get<int64_t>());
  }
  std::replace(name.begin(), name.end(), '_', ' ');
  table.add_row({name, text});
}

}  // namespace

int doctor(Console& console) {
  const auto found = facts();
  if (console.json()) {
    console.result(found.dump(2) + "\n");
    return 0;
  }
  Table table({{"what"}, {"found"}});
  for (const auto& [key, value] : found.items()) add_rows(key, value, table);
  console.result(table.text());
  return 0;
}

}  // namespace adaptune
