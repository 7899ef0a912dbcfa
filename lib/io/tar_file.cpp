#include "io/tar_file.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "io/gzip_file.h"

namespace adaptune {
namespace {

constexpr size_t kBlock = 512;

// Where the fields of a header are (POSIX.1-1988 ustar).
struct Field {
  size_t begin, size;
};
constexpr Field kName{0, 100}, kSize{124, 12}, kChecksum{148, 8}, kType{156, 1}, kMagic{257, 5},
    kPrefix{345, 155};

std::string_view field(std::string_view header, const Field& field) {
  return header.substr(field.begin, field.size);
}

// Up to its first zero byte.
std::string text(std::string_view header, const Field& f) {
  const auto bytes = field(header, f);
  return std::string(bytes.substr(0, std::min(bytes.find('\0'), bytes.size())));
}

class TarReader {
 public:
  explicit TarReader(const std::filesystem::path& file) : source_(file) {}

  void read(const std::function<void(TarMember&&)>& take) {
    while (auto header = next_header()) {
      const char type = field(*header, kType)[0];
      const uint64_t size = long_size_.value_or(number(*header, kSize));
      if (type == 'L' || type == 'x' || type == 'g') {
        extend(type, contents(size));
        continue;
      }
      TarMember member{member_name(*header), contents(size), type == '5'};
      long_name_.reset();
      long_size_.reset();
      check(member.name, type);
      if (member.is_folder && member.name.find_first_not_of("./") == std::string::npos) continue;  // its root
      take(std::move(member));
    }
  }

 private:
  // The next `size` bytes; fewer at the end of the file.
  std::string bytes(uint64_t size) {
    while (buffer_.size() - begin_ < size) {
      buffer_.erase(0, begin_);
      begin_ = 0;
      if (!source_.append_to(buffer_)) break;
    }
    std::string taken = buffer_.substr(begin_, size);
    begin_ += taken.size();
    return taken;
  }

  // Contents fill whole blocks.
  std::string contents(uint64_t size) {
    if (size > uint64_t{1} << 40) fail("damaged: a member of " + std::to_string(size) + " bytes");
    std::string content = bytes(size);
    const uint64_t rest = (kBlock - size % kBlock) % kBlock;
    if (content.size() < size || bytes(rest).size() < rest)
      fail("ends in the middle of a file; fetch or pack it again");
    return content;
  }

  // Empty at the end of the archive: a block of zeros, or nothing more.
  std::optional<std::string> next_header() {
    std::string header = bytes(kBlock);
    const bool zero = std::all_of(header.begin(), header.end(), [](char c) { return c == '\0'; });
    if (zero && !read_any_ && header.empty()) fail("is empty; fetch or pack it again");
    if (zero) return std::nullopt;
    if (header.size() < kBlock) fail("ends in the middle of a header; fetch or pack it again");
    check_sum(header);
    read_any_ = true;
    return header;
  }

  // The checksum counts its own field as blanks.
  void check_sum(std::string_view header) const {
    uint64_t sum = 0;
    for (size_t i = 0; i < header.size(); ++i) {
      const bool own = i >= kChecksum.begin && i < kChecksum.begin + kChecksum.size;
      sum += own ? ' ' : static_cast<unsigned char>(header[i]);
    }
    if (sum != number(header, kChecksum))
      fail(read_any_ ? "damaged: a header's checksum is wrong; fetch or pack it again"
                     : "is no tar archive; pack the folders of the classes by tar");
  }

  // Octal digits; or, with the highest bit set, GNU's big-endian bytes.
  uint64_t number(std::string_view header, const Field& f) const {
    const auto digits = field(header, f);
    uint64_t value = 0;
    if (static_cast<unsigned char>(digits[0]) & 0x80) {
      for (const char c : digits.substr(digits.size() - 8))
        value = value << 8 | static_cast<unsigned char>(c);
      return value;
    }
    for (const char c : digits) {
      if (c == ' ' || c == '\0') continue;
      if (c < '0' || c > '7')
        fail(read_any_ ? "damaged: a number of a header is none; fetch or pack it again"
                       : "is no tar archive; pack the folders of the classes by tar");
      value = value * 8 + static_cast<uint64_t>(c - '0');
    }
    return value;
  }

  // What holds for the member that follows: GNU's long name, or pax's lines "<length> <key>=<value>\n".
  void extend(char type, const std::string& content) {
    if (type == 'g') return;  // comments and such, for all members
    if (type == 'L') {
      long_name_ = content.substr(0, content.find('\0'));
      return;
    }
    for (size_t begin = 0; begin < content.size();) {
      const size_t length = std::strtoull(content.c_str() + begin, nullptr, 10);
      const std::string line = content.substr(begin, length);
      const size_t key = line.find(' '), equals = line.find('=');
      if (length == 0 || line.size() < length || key == std::string::npos || equals == std::string::npos)
        fail("damaged: a line of a pax header; fetch or pack it again");
      const std::string name = line.substr(key + 1, equals - key - 1);
      const std::string value = line.substr(equals + 1, line.size() - equals - 2);
      if (name == "path") long_name_ = value;
      if (name == "size") long_size_ = std::strtoull(value.c_str(), nullptr, 10);
      begin += length;
    }
  }

  std::string member_name(std::string_view header) const {
    std::string name = text(header, kName);
    if (long_name_) {
      name = *long_name_;
    } else if (field(header, kMagic) == "ustar") {
      const auto prefix = text(header, kPrefix);
      if (!prefix.empty()) name = prefix + "/" + name;
    }
    while (name.starts_with("./")) name.erase(0, 2);
    while (name.ends_with('/')) name.pop_back();
    return name;
  }

  void check(const std::string& name, char type) const {
    if (type == '1' || type == '2')
      fail("'" + name + "' is a link; pack the files that links point to (tar -h)");
    if (type != '0' && type != '\0' && type != '5') fail("'" + name + "' is no plain file; leave it out");
    const std::filesystem::path path(name);
    const bool leaves = std::any_of(path.begin(), path.end(), [](const auto& part) { return part == ".."; });
    if (path.is_absolute() || leaves)
      fail("'" + name + "' would lie outside of the archive's folder; pack it with relative paths");
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError(source_.name() + ": " + problem);
  }

  GzipFile source_;
  std::string buffer_;
  size_t begin_ = 0;  // of what is not taken yet in `buffer_`
  bool read_any_ = false;
  std::optional<std::string> long_name_;
  std::optional<uint64_t> long_size_;
};

}  // namespace

void read_tar(const std::filesystem::path& file, const std::function<void(TarMember&&)>& take) {
  TarReader(file).read(take);
}

}  // namespace adaptune
