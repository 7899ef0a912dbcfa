#pragma once
// A folder of its own for a test, removed at its end.

#include <unistd.h>

#include <filesystem>
#include <string>

namespace adaptune {

struct ScratchFolder {
  explicit ScratchFolder(const std::string& name)
      : path(std::filesystem::temp_directory_path() / ("adaptune_" + name + "_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~ScratchFolder() { std::filesystem::remove_all(path); }

  std::filesystem::path path;
};

}  // namespace adaptune
