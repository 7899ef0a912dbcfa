#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace adaptune {

// A regular file of an archive.
struct TarMember {
  std::string name;  // its path in the archive, "train/cat/1.png", without a leading "./"
  std::string bytes;
};

// Calls `take` with every regular file of a tar archive (ustar, with GNU's and pax's long names), plain or
// gzip-compressed, in their order; only one of them is in memory. Throws InputError for a damaged or
// truncated archive, and for members that are no plain files below its root: links, devices, absolute paths
// and such with "..".
void read_tar(const std::filesystem::path& file, const std::function<void(TarMember&&)>& take);

}  // namespace adaptune
