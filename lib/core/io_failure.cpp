#include "core/io_failure.h"

#include <cerrno>
#include <map>
#include <system_error>

namespace adaptune {
namespace {

std::string remedy(int code) {
  static const std::map<int, std::string> remedies = {
      {ENOSPC, "free some space or choose another output folder"},
      {EDQUOT, "the disk quota is used up: free some space or choose another output folder"},
      {EFBIG, "raise the file size limit (ulimit -f) or choose another output folder"},
      {EACCES, "check the permissions of the file and its folders"},
      {EPERM, "check the permissions of the file and its folders"},
      {EROFS, "choose a folder on a file system that can be written"},
      {ENOENT, "create the folder first"},
      {ENOTDIR, "a part of the path is a file: move it away or choose another path"},
      {EISDIR, "a folder has this name: move it away or choose another path"},
      {EEXIST, "a file has this name: move it away or choose another path"},
      {ENAMETOOLONG, "choose a shorter path"},
      {EMFILE, "raise the limit of open files (ulimit -n)"},
      {ENFILE, "close programs that hold many files open"},
      {EIO, "check the disk; the system's log may say more"},
  };
  const auto found = remedies.find(code);
  return found != remedies.end() ? found->second
                                 : "check the path and the disk, then run the same command again";
}

}  // namespace

IoError io_failure(const std::filesystem::path& path, const std::string& action, int code) {
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(path, ignored);
  return IoError((ignored ? path : absolute).string() + ": cannot " + action + ": " +
                 std::generic_category().message(code) + "; " + remedy(code));
}

}  // namespace adaptune
