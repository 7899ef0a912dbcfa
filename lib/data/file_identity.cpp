#include "data/file_identity.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <map>
#include <system_error>

#include "core/error.h"
#include "core/io_failure.h"
#include "core/sha256.h"

namespace adaptune {
namespace {

constexpr int64_t kPiece = 1 << 20;

void add_piece(std::ifstream& stream, int64_t begin, int64_t size, Sha256& sha256) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  stream.seekg(begin);
  stream.read(bytes.data(), size);
  if (stream) sha256.update(bytes);
}

}  // namespace

FileIdentity identify(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    throw InputError(file.string() + ": no such file; check the path");
  }
  if (error) throw io_failure(file, "read", error.value());
  const auto modified = std::filesystem::last_write_time(file, error);
  if (error) throw io_failure(file, "read", error.value());
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(modified.time_since_epoch());
  return {std::filesystem::absolute(file).lexically_normal().string(), static_cast<int64_t>(size),
          since.count()};
}

// Of a folder the names and sizes of its files count, in order.
DataFingerprint fingerprint_folder(const std::filesystem::path& folder) {
  std::map<std::string, uintmax_t> sizes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) sizes[entry.path().lexically_relative(folder).string()] = entry.file_size();
  }
  DataFingerprint result{{std::filesystem::absolute(folder).lexically_normal().string(), 0, 0}, ""};
  Sha256 sha256;
  for (const auto& [name, size] : sizes) {
    result.identity.size += static_cast<int64_t>(size);
    sha256.update(name + " " + std::to_string(size) + "\n");
  }
  result.sha256 = sha256.hex();
  return result;
}

DataFingerprint fingerprint_data(const std::filesystem::path& file) {
  if (std::filesystem::is_directory(file)) return fingerprint_folder(file);
  DataFingerprint result{identify(file), ""};
  std::ifstream stream(file, std::ios::binary);
  const int64_t size = result.identity.size;
  Sha256 sha256;
  add_piece(stream, 0, std::min(size, kPiece), sha256);
  if (size > kPiece) {
    const int64_t begin = std::max(kPiece, size - kPiece);
    add_piece(stream, begin, size - begin, sha256);
  }
  if (!stream) throw io_failure(file, "read", errno);
  result.sha256 = sha256.hex();
  return result;
}

}  // namespace adaptune
