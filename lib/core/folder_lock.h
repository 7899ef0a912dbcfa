#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace adaptune {

// Keeps other processes that ask for the same folder waiting until its end, also an abrupt one. Nothing is
// written.
class FolderLock {
 public:
  // Waits for it. Before each further try `keeps_waiting` is asked; where it says no, it gives up, held()
  // false, and what it throws passes on. The same without waiting where the file system knows no locks.
  // IoError where the folder cannot be opened.
  explicit FolderLock(
      const std::filesystem::path& folder, const std::function<bool()>& keeps_waiting = [] { return true; });
  FolderLock(FolderLock&& other) noexcept;
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  bool held() const { return held_; }

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  bool held_ = false;
};

// Who holds it, as far as the system tells: "process 4242 (adaptune train suite.yaml)", else "another
// process".
std::string lock_holder(const std::filesystem::path& folder);

}  // namespace adaptune
