#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace adaptune {

// Lines of a text file, gzip-compressed (by content, not by name) or plain. Strips "\n" and "\r\n" and
// a leading byte order mark; the last line needs no newline. Throws InputError when the file is missing,
// is UTF-16, or its compressed data is damaged, IoError when it cannot be read.
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& file);
  ~LineReader();
  bool next(std::string& line);
  int64_t line_number() const;  // of the line returned last, from 1

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The whole file, decompressed, line ends as they are, without a leading byte order mark. Throws as above.
std::string read_text(const std::filesystem::path& file);

}  // namespace adaptune
