#include "core/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "core/io_failure.h"
#include "core/stop_signal.h"

namespace adaptune {

FolderLock::FolderLock(const std::filesystem::path& folder, const std::function<void()>& waiting)
    : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw io_failure(folder, "read", errno);
  for (bool told = false; !stop_requested(); told = true) {
    held_ = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
    if (held_ || (errno != EWOULDBLOCK && errno != EINTR)) return;
    if (!told) waiting();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace adaptune
