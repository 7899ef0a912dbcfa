#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "core/file_pages.h"
#include "core/io_failure.h"

namespace adaptune {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& file) : fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void throw_cannot_read(const std::filesystem::path& file, int error) {
  if (error == ENOENT || error == ENOTDIR) throw InputError(file.string() + ": no such file; check the path");
  throw io_failure(file, "read", error);
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& file) : path_(file) {
  const Descriptor descriptor(file);
  if (descriptor.get() < 0) throw_cannot_read(file, errno);
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) throw_cannot_read(file, errno);
  if (!S_ISREG(status.st_mode)) {
    throw InputError(file.string() + ": is " + (S_ISDIR(status.st_mode) ? "a folder" : "not a regular file") +
                     "; give the path of a file");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return;  // an empty file cannot be mapped
  void* const data =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor.get(), 0);
  if (data == MAP_FAILED) throw_cannot_read(file, errno);
  bytes_ = {static_cast<const char*>(data), size};
  add_file_pages(data, size);
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  remove_file_pages(bytes_.data());
  ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

void reject_lfs_pointer(const MappedFile& file) {
  if (!file.bytes().starts_with("version https://git-lfs")) return;
  throw InputError(file.path().string() +
                   ": is a Git LFS pointer, not the weights themselves; run 'git lfs pull' in its folder");
}

}  // namespace adaptune
