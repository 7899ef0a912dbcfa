#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace adaptune {

// The bytes of a file in pieces, decompressed where it is gzip (by content, not by name). Throws InputError
// when the file is missing or a folder, or its compressed data is damaged, IoError when it cannot be read.
class GzipFile {
 public:
  explicit GzipFile(const std::filesystem::path& file);
  ~GzipFile();

  // Appends the next piece to `bytes`; false at the end of the file.
  bool append_to(std::string& bytes);
  const std::string& name() const { return name_; }

 private:
  [[noreturn]] void throw_cannot_open(int error) const;
  void check_stream() const;

  struct Stream;
  std::string name_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace adaptune
