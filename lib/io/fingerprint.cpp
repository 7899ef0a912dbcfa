#include "io/fingerprint.h"

#include <algorithm>
#include <vector>

#include "core/file_pages.h"
#include "core/sha256.h"
#include "io/mapped_file.h"

namespace adaptune {

std::string fingerprint_file(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  Sha256 digest;
  constexpr size_t kBlock = 4 << 20;  // what has been read need not stay in memory
  for (auto rest = mapped.bytes(); !rest.empty(); rest.remove_prefix(std::min(rest.size(), kBlock))) {
    const auto block = rest.substr(0, kBlock);
    digest.update(block.data(), block.size());
    release_file_pages(block.data(), block.size());
  }
  return digest.hex();
}

std::string fingerprint_weights(const WeightFiles& weights) {
  std::vector<std::filesystem::path> files = weights.files;
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.filename() < b.filename(); });
  Sha256 digest;
  for (const auto& file : files) digest.update(fingerprint_file(file));
  return digest.hex();
}

}  // namespace adaptune
