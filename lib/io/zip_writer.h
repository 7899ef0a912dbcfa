#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace adaptune {

// Builds a zip archive of stored members whose data is aligned to 64 bytes by padding in the local
// header's extra field, as PyTorch does it. The same members give the same bytes: all dates are 1980.
// Throws InputError beyond what the plain zip format holds: 4 GiB or 65534 members.
class ZipWriter {
 public:
  void add(const std::string& name, std::string_view data);
  std::string finish() &&;  // with the directory

 private:
  std::string bytes_;
  std::string directory_;
  std::size_t count_ = 0;
};

}  // namespace adaptune
