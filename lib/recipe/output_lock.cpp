#include "recipe/output_lock.h"

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/stop_signal.h"

namespace adaptune {

FolderLock lock_output(const std::filesystem::path& folder) {
  create_folders(folder);
  // Who only looks whether it is locked (StatusFile) has done so at the second try.
  return FolderLock(folder, [&, tries = 0]() mutable {
    if (++tries < 2) return true;
    throw IoError(std::filesystem::absolute(folder).lexically_normal().string() + ": " + lock_holder(folder) +
                  " is writing there; wait until it has ended, or choose another task or folder");
  });
}

FolderLock lock_shared_files(const std::filesystem::path& folder) {
  // A job that is cancelled stops all of its processes at once: each still gets its turn.
  return FolderLock(folder, [tries = 0]() mutable { return !stop_requested() || ++tries < 20; });
}

}  // namespace adaptune
