#include "core/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <iomanip>
#include <random>
#include <sstream>
#include <system_error>

#include "core/error.h"
#include "core/io_failure.h"
#include "core/open_file.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTemporary = ".tmp";
constexpr int kDigits = 16;
constexpr std::chrono::hours kStale(1);  // no file is written for so long without a change

// "runs/sst2/" names the same folder as "runs/sst2", but would put a suffix inside it.
fs::path without_trailing_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

fs::path with_suffix(const fs::path& path, const char* suffix) {
  fs::path name = path;
  name += suffix;
  return name;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

fs::path nearest_existing(const fs::path& path) {
  fs::path folder = fs::absolute(path);
  std::error_code hidden;  // in a folder that may not be searched
  while (!fs::exists(folder, hidden) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

bool present(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

void remove_quietly(const fs::path& path) noexcept {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

void remove_whole(const fs::path& path) {
  std::error_code code;
  fs::remove_all(path, code);
  if (code) throw io_failure(path, "remove", code.value());
}

void rename_over(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw io_failure(to, "put the new version in place", errno);
}

void sync_folder(const fs::path& folder) { OpenFile(folder, O_RDONLY | O_DIRECTORY).sync(); }

void sync_tree(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_symlink()) continue;
    if (entry.is_directory()) {
      sync_folder(entry.path());
    } else if (entry.is_regular_file()) {
      OpenFile(entry.path(), O_RDONLY).sync();
    }
  }
  sync_folder(folder);
}

// Removes what it names unless told that all went well.
class Temporary {
 public:
  explicit Temporary(fs::path path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!kept_) remove_quietly(path_);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  void keep() { kept_ = true; }

 private:
  fs::path path_;
  bool kept_ = false;
};

// What a path names in the end: a link is followed, also one whose target is not there yet.
fs::path behind_links(fs::path path) {
  constexpr int kMostLinks = 40;  // the system's own limit
  std::error_code code;
  for (int i = 0; fs::is_symlink(fs::symlink_status(path, code)); ++i) {
    if (i == kMostLinks) throw io_failure(path, "write", ELOOP);
    const fs::path target = fs::read_symlink(path, code);
    if (code) throw io_failure(path, "write", code.value());
    path = folder_of(path) / target;
  }
  return path;
}

// A device or FIFO takes the bytes as they come: nothing can be put in its place.
bool takes_a_stream(const fs::path& path) {
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  return fs::is_character_file(status) || fs::is_block_file(status) || fs::is_fifo(status);
}

void write_stream(const fs::path& path, const std::function<void(OpenFile&)>& fill) {
  OpenFile file(path, O_WRONLY);
  fill(file);
  file.close();
}

// Puts `from` at `to`, where something stands already.
void replace_existing(const fs::path& from, const fs::path& to, const fs::path& aside) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) {
    throw io_failure(to, "put the new version in place", errno);
  }
  rename_over(to, aside);
  if (::rename(from.c_str(), to.c_str()) != 0) {
    const int code = errno;
    rename_over(aside, to);
    throw io_failure(to, "put the new version in place", code);
  }
}

void fill_folder(const fs::path& folder, const std::function<void(const fs::path&)>& fill) {
  try {
    fs::create_directory(folder);
    fill(folder);
    sync_tree(folder);
  } catch (const fs::filesystem_error& error) {
    throw io_failure(error.path1().empty() ? folder : error.path1(), "write", error.code().value());
  }
}

// Two processes, on two machines even, never choose the same: ".<16 hexadecimal digits>.tmp".
std::string unique_suffix() {
  std::random_device random;
  std::ostringstream suffix;
  suffix << "." << std::hex << std::setfill('0') << std::setw(kDigits / 2) << random()
         << std::setw(kDigits / 2) << random() << kTemporary;
  return suffix.str();
}

bool has_unique_suffix(const fs::path& path) {
  if (path.extension() != kTemporary) return false;
  const std::string digits = path.stem().extension().string();
  return digits.size() == kDigits + 1 && digits.find_first_not_of("0123456789abcdef", 1) == std::string::npos;
}

// By way of a temporary file beside it.
void write_through(const fs::path& destination, const std::string& suffix,
                   const std::function<void(OpenFile&)>& fill) {
  if (takes_a_stream(destination)) return write_stream(destination, fill);
  const fs::path path = behind_links(destination);
  const fs::path temporary = with_suffix(path, suffix.c_str());
  OpenFile file(temporary, O_WRONLY | O_CREAT | O_TRUNC, path);
  Temporary guard(temporary);
  fill(file);
  file.sync();
  file.close();
  rename_over(temporary, path);
  guard.keep();
  sync_folder(folder_of(path));
}

}  // namespace

void write_file_atomically(const fs::path& destination, const std::string& bytes) {
  write_through(destination, unique_suffix(), [&](OpenFile& file) { file.write(bytes); });
}

void write_file_atomically(const fs::path& destination, const std::function<void(OpenFile&)>& fill) {
  write_through(destination, kTemporary, fill);
}

void remove_stale_temporaries(const fs::path& folder) {
  std::error_code ignored;
  const auto now = fs::file_time_type::clock::now();
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    std::error_code gone;
    const bool ours = entry.is_regular_file(gone) && has_unique_suffix(entry.path());
    if (!ours) continue;
    const auto written = entry.last_write_time(gone);
    if (!gone && now - written > kStale) fs::remove(entry.path(), ignored);
  }
}

void write_folder_atomically(const fs::path& destination, const std::function<void(const fs::path&)>& fill) {
  const fs::path path = without_trailing_slash(destination);
  const fs::path temporary = with_suffix(path, kTemporary);
  const fs::path aside = with_suffix(path, ".old");
  if (present(aside) && !present(path)) rename_over(aside, path);
  remove_whole(aside);
  remove_whole(temporary);
  {
    Temporary guard(temporary);
    fill_folder(temporary, fill);
    if (present(path)) {
      replace_existing(temporary, path, aside);
    } else {
      rename_over(temporary, path);
      guard.keep();
    }
    sync_folder(folder_of(path));
  }
  remove_quietly(aside);
}

void replace_link(const fs::path& link, const std::string& target) {
  const fs::path temporary = with_suffix(link, kTemporary);
  remove_whole(temporary);
  if (::symlink(target.c_str(), temporary.c_str()) != 0) throw io_failure(link, "create the link", errno);
  Temporary guard(temporary);
  rename_over(temporary, link);
  guard.keep();
  sync_folder(folder_of(link));
}

void create_folders(const fs::path& path) {
  std::error_code code, ignored;
  fs::create_directories(path, code);
  if (fs::is_directory(path, ignored)) return;
  // Libraries differ in what they say of a file that has the name.
  throw io_failure(path, "create the folder", fs::exists(path, ignored) ? EEXIST : code.value());
}

void check_writable(const fs::path& path) {
  const auto folder = nearest_existing(path);
  if (!fs::is_directory(folder)) throw io_failure(folder, "write into the folder", ENOTDIR);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) throw io_failure(folder, "write into the folder", errno);
}

std::string read_file(const fs::path& path) {
  std::error_code code;
  const auto status = fs::status(path, code);
  const std::string name = fs::absolute(path).string();
  if (status.type() == fs::file_type::not_found) throw InputError(name + ": no such file; check the path");
  if (fs::is_directory(status)) throw InputError(name + ": is a folder; a file is needed here");
  return OpenFile(path, O_RDONLY).read_to_end();
}

void append_line(const fs::path& path, const std::string& line) {
  OpenFile file(path, O_WRONLY | O_CREAT | O_APPEND);
  const int64_t size = file.size();
  try {
    file.write(line + "\n");
  } catch (const IoError&) {
    file.try_truncate(size);
    throw;
  }
  file.close();
}

uint64_t free_disk_bytes(const fs::path& path) {
  struct statvfs disk = {};
  if (::statvfs(nearest_existing(path).c_str(), &disk) != 0)
    throw io_failure(path, "read the free space", errno);
  return static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
}

bool on_one_disk(const fs::path& a, const fs::path& b) {
  struct stat first = {}, second = {};
  return ::stat(nearest_existing(a).c_str(), &first) == 0 &&
         ::stat(nearest_existing(b).c_str(), &second) == 0 && first.st_dev == second.st_dev;
}

}  // namespace adaptune
