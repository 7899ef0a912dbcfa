#pragma once

#include <filesystem>

#include "core/folder_lock.h"

namespace adaptune {

// Keeps a folder of products for this command alone as long as it lives; the folder is created. IoError at
// once where another command writes there. Not held() where the file system knows no locks.
FolderLock lock_output(const std::filesystem::path& folder);

}  // namespace adaptune
