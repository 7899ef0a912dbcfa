#include "io/zip_reader.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/error.h"
#include "io/printable.h"

namespace adaptune {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralEntry = 0x02014b50;
constexpr uint32_t kEndRecord64 = 0x06064b50;
constexpr uint32_t kEndLocator64 = 0x07064b50;
constexpr std::size_t kEndRecordSize = 22;
constexpr std::size_t kEntrySize = 46;
constexpr std::size_t kLocalHeaderSize = 30;

// Little-endian numbers at positions that are checked every time.
class Bytes {
 public:
  Bytes(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  template <typename Number>
  Number number(uint64_t position) const {
    static_assert(std::is_unsigned_v<Number>);
    Number value = 0;
    std::memcpy(&value, slice(position, sizeof(value)).data(), sizeof(value));
    return value;
  }

  std::string_view slice(uint64_t position, uint64_t size) const {
    if (position > bytes_.size() || size > bytes_.size() - position) {
      fail("the zip directory points outside the file, which has " + std::to_string(bytes_.size()) +
           " bytes: it is cut short");
    }
    return bytes_.substr(position, size);
  }

  std::string_view all() const { return bytes_; }

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(file_ + ": " + what + "; the file is damaged, fetch or save it again");
  }

  const std::string& file() const { return file_; }

 private:
  std::string_view bytes_;
  std::string file_;
};

struct Directory {
  uint64_t position, size, entries;
};

// The end record stands last, before a comment of at most 65535 bytes.
uint64_t find_end_record(const Bytes& bytes) {
  const std::string_view all = bytes.all();
  const std::size_t position = all.rfind("PK\x05\x06");
  if (position == std::string_view::npos || all.size() - position > kEndRecordSize + 0xffff) {
    bytes.fail("the zip archive has no directory at its end: it is cut short");
  }
  return position;
}

Directory find_directory64(const Bytes& bytes, uint64_t end_record) {
  if (end_record < 20 || bytes.number<uint32_t>(end_record - 20) != kEndLocator64) {
    bytes.fail("the zip archive has no zip64 directory although it needs one");
  }
  const auto position = bytes.number<uint64_t>(end_record - 12);
  if (bytes.slice(position, 56).empty() || bytes.number<uint32_t>(position) != kEndRecord64) {
    bytes.fail("the zip64 directory is not where the zip archive says");
  }
  return {bytes.number<uint64_t>(position + 48), bytes.number<uint64_t>(position + 40),
          bytes.number<uint64_t>(position + 32)};
}

Directory find_directory(const Bytes& bytes) {
  const uint64_t end = find_end_record(bytes);
  const Directory directory = {bytes.number<uint32_t>(end + 16), bytes.number<uint32_t>(end + 12),
                               bytes.number<uint16_t>(end + 10)};
  const bool wide =
      directory.position == 0xffffffff || directory.size == 0xffffffff || directory.entries == 0xffff;
  return wide ? find_directory64(bytes, end) : directory;
}

struct Entry {
  std::string name;
  uint64_t packed_size, size, local_header, next;
  uint16_t flags, method;
};

// The zip64 extra field replaces, in this order, those of the three numbers that are all ones.
void widen(const Bytes& bytes, std::string_view extra, Entry& entry) {
  const Bytes fields(extra, bytes.file());
  for (uint64_t at = 0; at + 4 <= extra.size();) {
    const uint64_t size = fields.number<uint16_t>(at + 2);
    if (fields.number<uint16_t>(at) == 1) {
      const Bytes field(fields.slice(at + 4, size), bytes.file());
      uint64_t position = 0;
      for (uint64_t* number : {&entry.size, &entry.packed_size, &entry.local_header}) {
        if (*number != 0xffffffff) continue;
        *number = field.number<uint64_t>(position);
        position += sizeof(uint64_t);
      }
      return;
    }
    at += 4 + size;
  }
}

Entry read_entry(const Bytes& bytes, uint64_t at) {
  if (bytes.number<uint32_t>(at) != kCentralEntry)
    bytes.fail("the zip directory holds an entry of another kind");
  const uint64_t name_size = bytes.number<uint16_t>(at + 28);
  const uint64_t extra_size = bytes.number<uint16_t>(at + 30);
  const uint64_t comment_size = bytes.number<uint16_t>(at + 32);
  Entry entry;
  entry.flags = bytes.number<uint16_t>(at + 8);
  entry.method = bytes.number<uint16_t>(at + 10);
  entry.packed_size = bytes.number<uint32_t>(at + 20);
  entry.size = bytes.number<uint32_t>(at + 24);
  entry.local_header = bytes.number<uint32_t>(at + 42);
  entry.name = bytes.slice(at + kEntrySize, name_size);
  entry.next = at + kEntrySize + name_size + extra_size + comment_size;
  widen(bytes, bytes.slice(at + kEntrySize + name_size, extra_size), entry);
  return entry;
}

std::string_view member_data(const Bytes& bytes, const Entry& entry) {
  const std::string member = "the zip member " + quoted_name(entry.name);
  // Its slice proves that the positions used below do not overflow.
  bytes.slice(entry.local_header, kLocalHeaderSize);
  if (bytes.number<uint32_t>(entry.local_header) != kLocalHeader)
    bytes.fail(member + " is not where it should be");
  const uint64_t name_size = bytes.number<uint16_t>(entry.local_header + 26);
  const uint64_t extra_size = bytes.number<uint16_t>(entry.local_header + 28);
  if (bytes.slice(entry.local_header + kLocalHeaderSize, name_size) != entry.name) {
    bytes.fail(member + " has another name in its own header");
  }
  return bytes.slice(entry.local_header + kLocalHeaderSize + name_size + extra_size, entry.packed_size);
}

bool is_stored(const Entry& entry) {
  return (entry.flags & 1) == 0 && entry.method == 0 && entry.packed_size == entry.size;
}

}  // namespace

ZipReader::ZipReader(const MappedFile& file) : file_(file.path().string()) {
  const Bytes bytes(file.bytes(), file_);
  const Directory directory = find_directory(bytes);
  const uint64_t size = bytes.slice(directory.position, directory.size).size();
  if (directory.entries > size / kEntrySize)
    bytes.fail("the zip directory is shorter than its number of entries");
  uint64_t at = directory.position;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    const Entry entry = read_entry(bytes, at);
    if (!members_.emplace(entry.name, Member{member_data(bytes, entry), is_stored(entry)}).second) {
      bytes.fail("the zip archive holds the member " + quoted_name(entry.name) + " twice");
    }
    at = entry.next;
  }
}

std::vector<std::string> ZipReader::names() const {
  std::vector<std::string> names;
  for (const auto& [name, member] : members_) names.push_back(name);
  return names;
}

std::optional<std::string_view> ZipReader::find(const std::string& name) const {
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  if (found->second.stored) return found->second.data;
  throw InputError(file_ + ": the zip member " + quoted_name(name) +
                   " is compressed or encrypted, PyTorch stores its members plainly; save the file again "
                   "with torch.save");
}

}  // namespace adaptune
