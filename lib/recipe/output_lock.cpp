#include "recipe/output_lock.h"

#include "core/atomic_file.h"
#include "core/error.h"

namespace adaptune {

FolderLock lock_output(const std::filesystem::path& folder) {
  create_folders(folder);
  return FolderLock(folder, [&]() -> bool {
    throw IoError(std::filesystem::absolute(folder).lexically_normal().string() + ": " + lock_holder(folder) +
                  " is writing there; wait until it has ended, or choose another task or folder");
  });
}

}  // namespace adaptune
