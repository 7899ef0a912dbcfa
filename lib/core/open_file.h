#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace adaptune {

// An open file of the system, closed at the end of its scope. Every failure is an IoError.
class OpenFile {
 public:
  // flags of open(2); new files get mode 0666 & ~umask. Failures name `shown`, where given, instead of
  // `path`.
  OpenFile(const std::filesystem::path& path, int flags, const std::filesystem::path& shown = {});
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  void write(std::string_view bytes);  // all of them
  std::string read_to_end();
  int64_t size() const;
  void try_truncate(int64_t size) noexcept;  // for files that can be shortened; else nothing
  void sync();                               // fsync
  void close();                              // reports what the system kept back until now

 private:
  [[noreturn]] void fail(const std::string& action) const;

  std::filesystem::path shown_;
  int descriptor_ = -1;
};

}  // namespace adaptune
