#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace adaptune {

// What tells that a file has not been changed, without reading it.
struct FileIdentity {
  std::string path;         // absolute
  int64_t size = 0;         // bytes
  int64_t modified_ns = 0;  // nanoseconds since the epoch of the file system's clock
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// InputError when there is no such file.
FileIdentity identify(const std::filesystem::path& file);

// What a resumed run compares: the same data may have moved or been copied, so only size and digest count.
struct DataFingerprint {
  FileIdentity identity;
  std::string sha256;  // of the first and the last MiB; a file of at most 2 MiB whole
};

DataFingerprint fingerprint_data(const std::filesystem::path& file);

}  // namespace adaptune
