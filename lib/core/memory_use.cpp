#include "core/memory_use.h"

#include <fstream>
#include <limits>
#include <string>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace adaptune {
namespace {

// The number of "Name:   123 kB" in a file of /proc.
std::optional<double> gib_of(const char* file, const std::string& name) {
  std::ifstream lines(file);
  std::string field;
  double kib = 0;
  while (lines >> field) {
    if (field == name && lines >> kib) return kib / (1024 * 1024);
    lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> resident_gib() { return gib_of("/proc/self/status", "VmRSS:"); }

std::optional<double> machine_gib() { return gib_of("/proc/meminfo", "MemTotal:"); }

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

}  // namespace adaptune
