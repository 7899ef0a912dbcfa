#include "core/file_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>

namespace adaptune {
namespace {

// What Linux maps around a page that is read, at most (fault_around_bytes).
constexpr std::uintptr_t kReadAtOnce = 64 * 1024;

struct Mappings {
  std::mutex mutex;
  std::map<std::uintptr_t, std::size_t> sizes;  // by first address
};

Mappings& mappings() {
  static Mappings all;
  return all;
}

std::uintptr_t address(const void* data) { return reinterpret_cast<std::uintptr_t>(data); }

}  // namespace

void add_file_pages(const void* data, std::size_t size) {
  auto& [mutex, sizes] = mappings();
  const std::lock_guard lock(mutex);
  sizes[address(data)] = size;
}

void remove_file_pages(const void* data) {
  auto& [mutex, sizes] = mappings();
  const std::lock_guard lock(mutex);
  sizes.erase(address(data));
}

void release_file_pages(const void* data, std::size_t size) {
  auto& [mutex, sizes] = mappings();
  const std::lock_guard lock(mutex);
  const auto after = sizes.upper_bound(address(data));
  if (after == sizes.begin()) return;
  const auto& [begin, length] = *std::prev(after);
  if (address(data) + size > begin + length) return;
  const std::uintptr_t end = begin + length;
  const std::uintptr_t first = std::max(begin, address(data) / kReadAtOnce * kReadAtOnce),
                       last = std::min(end,
                                       (address(data) + size + kReadAtOnce - 1) / kReadAtOnce * kReadAtOnce);
  ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace adaptune
