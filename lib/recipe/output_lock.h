#pragma once

#include <filesystem>

#include "core/folder_lock.h"

namespace adaptune {

// Keeps a folder of products for this command alone as long as it lives; the folder is created. IoError at
// once where another command writes there. Not held() where the file system knows no locks.
FolderLock lock_output(const std::filesystem::path& folder);

// Keeps other commands from files that all of them replace whole, such as status.json, for the moment of a
// write. Waits for theirs; after a signal to stop for a second at most. Then, and where the file system knows
// no locks, it is not held() and the file is to be written all the same.
FolderLock lock_shared_files(const std::filesystem::path& folder);

}  // namespace adaptune
