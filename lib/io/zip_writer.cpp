#include "io/zip_writer.h"

#include <zlib.h>

#include <type_traits>
#include <utility>

#include "core/error.h"

namespace adaptune {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kLocalHeaderSize = 30;
constexpr uint64_t kLargest = 0xfffffffe;  // all ones means zip64
constexpr uint16_t kDate1980 = 0x21;       // 1 January

template <typename Number>
void put(std::string& bytes, Number value) {
  static_assert(std::is_unsigned_v<Number>);
  for (std::size_t i = 0; i < sizeof(value); ++i)
    bytes += static_cast<char>((uint64_t{value} >> (8 * i)) & 0xff);
}

// Checksum, sizes and name length: the part that local header and directory entry share.
void put_shared_fields(std::string& bytes, const std::string& name, std::string_view data,
                       uint32_t checksum) {
  put<uint16_t>(bytes, 0);  // version needed, flags, method: stored
  put<uint16_t>(bytes, 0);
  put<uint16_t>(bytes, 0);
  put<uint16_t>(bytes, 0);  // time
  put<uint16_t>(bytes, kDate1980);
  put<uint32_t>(bytes, checksum);
  put<uint32_t>(bytes, static_cast<uint32_t>(data.size()));
  put<uint32_t>(bytes, static_cast<uint32_t>(data.size()));
  put<uint16_t>(bytes, static_cast<uint16_t>(name.size()));
}

uint32_t checksum_of(std::string_view data) {
  return static_cast<uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

}  // namespace

void ZipWriter::add(const std::string& name, std::string_view data) {
  const uint64_t begin = bytes_.size();
  if (begin + data.size() + name.size() + 2 * kAlignment > kLargest || count_ >= 0xfffe) {
    throw InputError("the .bin container holds at most 4 GiB and 65534 tensors; write safetensors instead");
  }
  const uint32_t checksum = checksum_of(data);
  // The padding is an extra field of its own (tag "FB", as in PyTorch's files), at least 4 bytes long.
  const uint64_t unpadded = begin + kLocalHeaderSize + name.size() + 4;
  const uint64_t padding = (kAlignment - unpadded % kAlignment) % kAlignment;
  put<uint32_t>(bytes_, 0x04034b50);
  put_shared_fields(bytes_, name, data, checksum);
  put<uint16_t>(bytes_, static_cast<uint16_t>(padding + 4));
  bytes_ += name;
  bytes_ += "FB";
  put<uint16_t>(bytes_, static_cast<uint16_t>(padding));
  bytes_.append(padding, 'Z');
  bytes_ += data;

  put<uint32_t>(directory_, 0x02014b50);
  put<uint16_t>(directory_, 0);  // version made by
  put_shared_fields(directory_, name, data, checksum);
  put<uint16_t>(directory_, 0);  // extra field, comment, disk, internal attributes
  put<uint16_t>(directory_, 0);
  put<uint16_t>(directory_, 0);
  put<uint16_t>(directory_, 0);
  put<uint32_t>(directory_, 0);  // external attributes
  put<uint32_t>(directory_, static_cast<uint32_t>(begin));
  directory_ += name;
  ++count_;
}

std::string ZipWriter::finish() && {
  const uint64_t begin = bytes_.size();
  if (begin + directory_.size() > kLargest) {
    throw InputError("the .bin container holds at most 4 GiB; write safetensors instead");
  }
  bytes_ += directory_;
  put<uint32_t>(bytes_, 0x06054b50);
  put<uint16_t>(bytes_, 0);  // this disk, disk of the directory
  put<uint16_t>(bytes_, 0);
  put<uint16_t>(bytes_, static_cast<uint16_t>(count_));
  put<uint16_t>(bytes_, static_cast<uint16_t>(count_));
  put<uint32_t>(bytes_, static_cast<uint32_t>(directory_.size()));
  put<uint32_t>(bytes_, static_cast<uint32_t>(begin));
  put<uint16_t>(bytes_, 0);  // comment
  return std::move(bytes_);
}

}  // namespace adaptune
