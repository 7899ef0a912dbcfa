#include "core/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <utility>

#include "core/io_failure.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

int opened(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw io_failure(folder, "read", errno);
  return descriptor;
}

// As /proc/locks names a file: "08:01:1234".
std::string lock_name(const fs::path& file) {
  struct stat status = {};
  if (::stat(file.c_str(), &status) != 0) return "";
  char device[32];
  std::snprintf(device, sizeof(device), "%02x:%02x:", major(status.st_dev), minor(status.st_dev));
  return device + std::to_string(status.st_ino);
}

std::string command_of(const std::string& process) {
  std::ifstream file("/proc/" + process + "/cmdline", std::ios::binary);
  std::string command{std::istreambuf_iterator<char>(file), {}};
  while (!command.empty() && command.back() == '\0') command.pop_back();
  for (char& c : command) c = c == '\0' ? ' ' : c;
  return command;
}

}  // namespace

// The delegation lets the destructor close the folder where `keeps_waiting` throws.
FolderLock::FolderLock(const fs::path& folder, const std::function<bool()>& keeps_waiting)
    : FolderLock(opened(folder)) {
  while (true) {
    held_ = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
    if (held_ || (errno != EWOULDBLOCK && errno != EINTR)) return;
    if (!keeps_waiting()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), held_(std::exchange(other.held_, false)) {}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string lock_holder(const fs::path& folder) {
  const auto wanted = lock_name(folder);
  std::ifstream locks("/proc/locks");
  // "1: FLOCK  ADVISORY  WRITE 4242 08:01:1234 0 EOF"
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, process, file;
    words >> number >> kind >> mode >> access >> process >> file;
    if (kind != "FLOCK" || file != wanted) continue;
    const auto command = command_of(process);
    return "process " + process + (command.empty() ? "" : " (" + command + ")");
  }
  return "another process";
}

}  // namespace adaptune
