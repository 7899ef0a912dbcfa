#pragma once

#include <filesystem>
#include <functional>

namespace adaptune {

// Keeps other processes that ask for the same lock waiting until its end, also an abrupt one. The file stays.
class FileLock {
 public:
  // Waits for it, calling `waiting` once if that takes a moment. Gives up, held() false, when a signal asked
  // to stop or the file system knows no locks. IoError where the file cannot be made.
  FileLock(const std::filesystem::path& file, const std::function<void()>& waiting);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_ = false;
};

}  // namespace adaptune
