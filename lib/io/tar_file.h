#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace adaptune {

// A regular file of an archive, or a folder.
struct TarMember {
  std::string name;  // its path in the archive, "train/cat/1.png", without a leading "./" and a final "/"
  std::string bytes;
  bool is_folder = false;  // of which an archive need not tell
};

// Calls `take` with every regular file and folder of a tar archive (ustar, with GNU's and pax's long names),
// plain or gzip-compressed, in their order; only one of them is in memory. Throws InputError for a damaged or
// truncated archive, and for members that are neither plain files nor folders below its root: links, devices,
// absolute paths and such with "..".
void read_tar(const std::filesystem::path& file, const std::function<void(TarMember&&)>& take);

}  // namespace adaptune
