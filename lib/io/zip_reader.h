#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/mapped_file.h"

namespace adaptune {

// The members of a zip archive (zip64 too) as views of the mapping. Only stored members are read, as
// PyTorch writes them; checksums are not compared. Throws InputError for a damaged archive: names given
// twice, positions outside the file, a missing directory.
class ZipReader {
 public:
  explicit ZipReader(const MappedFile& file);

  // All names in order, those of compressed members too.
  std::vector<std::string> names() const;
  // Nothing when there is no such member. Throws InputError when it is compressed or encrypted.
  std::optional<std::string_view> find(const std::string& name) const;

 private:
  struct Member {
    std::string_view data;
    bool stored;
  };
  std::string file_;
  std::map<std::string, Member> members_;
};

}  // namespace adaptune
