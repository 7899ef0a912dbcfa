#pragma once

#include <filesystem>
#include <string_view>

namespace adaptune {

// The bytes of a file, mapped into memory and loaded page by page when touched. The mapping is private:
// a write to it stays in this process and never reaches the file, and may be lost (core/file_pages.h). The
// file must not be cut short while it is mapped; replacing it by rename is harmless.
class MappedFile {
 public:
  // Throws InputError when there is no such file or it is a folder, IoError when it cannot be read.
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string_view bytes() const { return bytes_; }

 private:
  std::filesystem::path path_;
  std::string_view bytes_;
};

// Throws InputError when the file is only a Git LFS pointer to the real one.
void reject_lfs_pointer(const MappedFile& file);

}  // namespace adaptune
