#pragma once

#include <filesystem>
#include <functional>

namespace adaptune {

// Keeps other processes that ask for the same folder waiting until its end, also an abrupt one. Nothing is
// written.
class FolderLock {
 public:
  // Waits for it, calling `waiting` once if that takes a moment. Gives up, held() false, when a signal asked
  // to stop or the file system knows no locks. IoError where the folder cannot be opened.
  explicit FolderLock(
      const std::filesystem::path& folder, const std::function<void()>& waiting = [] {});
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_ = false;
};

}  // namespace adaptune
