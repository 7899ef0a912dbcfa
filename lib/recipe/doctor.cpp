#include "recipe/doctor.h"

#include <ATen/Parallel.h>
#include <sys/utsname.h>
#include <torch/torch.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/version.h"
#include "nn/linear.h"
#include "report/number_format.h"
#include "report/table.h"

namespace adaptune {
namespace {

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

std::string cuda_text() {
  if (!torch::cuda::is_available()) return "none";
  return std::to_string(torch::cuda::device_count()) + " device(s)";
}

int64_t memory_bytes() { return static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGE_SIZE); }

}  // namespace

int doctor(Console& console) {
  const std::vector<std::pair<std::string, std::string>> facts = {
      {"adaptune", kVersion},
      {"libtorch", TORCH_VERSION},
      {"system", system_name()},
      {"instruction sets", instruction_sets()},
      {"threads", std::to_string(at::get_num_threads())},
      {"memory", mebibytes(memory_bytes())},
      {"cuda", cuda_text()},
      {"oneDNN", at::globalContext().hasMKLDNN() ? "yes" : "no"},
      {"MKL", at::globalContext().hasMKL() ? "yes" : "no"},
      {"frozen weights packed", packs_frozen_weights() ? "yes" : "no"},
      {"free disk here", mebibytes(static_cast<int64_t>(free_disk_bytes(".")))},
  };
  if (console.json()) {
    nlohmann::ordered_json object;
    for (const auto& [name, value] : facts) object[name] = value;
    console.result(object.dump(2) + "\n");
    return 0;
  }
  Table table({{"what"}, {"found"}});
  for (const auto& [name, value] : facts) table.add_row({name, value});
  console.result(table.text());
  return 0;
}

}  // namespace adaptune
