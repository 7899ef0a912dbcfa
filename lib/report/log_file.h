#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace adaptune {

// log.txt of a run: lines with UTC times, written through at once.
class LogFile {
 public:
  // Appends. IoError when the file cannot be opened.
  explicit LogFile(const std::filesystem::path& file);
  void write(const std::string& text);  // one or more lines

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace adaptune
