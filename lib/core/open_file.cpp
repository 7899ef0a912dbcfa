#include "core/open_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/io_failure.h"

namespace adaptune {

OpenFile::OpenFile(const std::filesystem::path& path, int flags, const std::filesystem::path& shown)
    : shown_(shown.empty() ? path : shown) {
  do {
    descriptor_ = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) fail((flags & O_ACCMODE) == O_RDONLY ? "read" : "write");
}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OpenFile::fail(const std::string& action) const { throw io_failure(shown_, action, errno); }

void OpenFile::write(std::string_view bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("write");
    done += static_cast<size_t>(count);
  }
}

std::string OpenFile::read_to_end() {
  std::string bytes;
  std::array<char, 1 << 16> block;
  while (true) {
    const ssize_t count = ::read(descriptor_, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read");
    if (count == 0) return bytes;
    bytes.append(block.data(), static_cast<size_t>(count));
  }
}

int64_t OpenFile::size() const {
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) fail("read the size");
  return status.st_size;
}

void OpenFile::try_truncate(int64_t size) noexcept {
  if (::ftruncate(descriptor_, size) != 0) return;
}

void OpenFile::sync() {
  // Some file systems cannot sync a folder and say so with EINVAL; there is nothing more to do then.
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail("write to the disk");
}

void OpenFile::close() {
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0 && errno != EINTR) fail("write");
}

}  // namespace adaptune
