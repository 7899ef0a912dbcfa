#include "io/temporary_folder.h"
#include "io/zip_reader.h"
#include "io/zip_writer.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

std::string two_members() {
  ZipWriter zip;
  zip.add("top/first", "hello");
  zip.add("top/empty", "");
  return std::move(zip).finish();
}

std::string error_of(const std::string& bytes) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.bin", bytes);
  return input_error_of([&] { ZipReader(MappedFile(file)); });
}

std::string little_endian(uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

// The first directory entry, and what stands at `offset` in it.
std::string with_entry_field(std::string bytes, std::size_t offset, const std::string& field) {
  return bytes.replace(bytes.find("PK\x01\x02") + offset, field.size(), field);
}

// One member "m" = "abc" with all positions and sizes in zip64 fields.
std::string zip64_archive() {
  const std::string ones(4, '\xff');
  std::string bytes =
      "PK\x03\x04" + std::string(14, '\0') + ones + ones + little_endian(1, 2) + little_endian(0, 2);
  bytes += "mabc";
  const uint64_t directory = bytes.size();
  const std::string wide = little_endian(1, 2) + little_endian(24, 2) + little_endian(3, 8) +
                           little_endian(3, 8) + little_endian(0, 8);
  const std::string other_field = "XY" + little_endian(2, 2) + "zz";
  bytes += "PK\x01\x02" + std::string(16, '\0') + ones + ones + little_endian(1, 2) +
           little_endian(other_field.size() + wide.size(), 2) + std::string(10, '\0') + ones + "m" +
           other_field + wide;
  const uint64_t end = bytes.size();
  bytes += "PK\x06\x06" + little_endian(44, 8) + std::string(12, '\0') + little_endian(1, 8) +
           little_endian(1, 8) + little_endian(end - directory, 8) + little_endian(directory, 8);
  bytes += "PK\x06\x07" + little_endian(0, 4) + little_endian(end, 8) + little_endian(1, 4);
  return bytes + "PK\x05\x06" + std::string(4, '\0') + std::string(4, '\xff') + ones + ones +
         little_endian(0, 2);
}

}  // namespace

TEST_CASE("zip: members come back as written, aligned to 64 bytes, always the same") {
  const TemporaryFolder folder;
  const MappedFile file(folder.write("a.zip", two_members()));
  const ZipReader zip(file);
  REQUIRE(zip.names() == std::vector<std::string>{"top/empty", "top/first"});
  CHECK(zip.find("top/first") == "hello");
  CHECK(zip.find("top/empty") == "");
  CHECK_FALSE(zip.find("top/other"));
  for (const auto& name : zip.names()) CHECK((zip.find(name)->data() - file.bytes().data()) % 64 == 0);
  CHECK(two_members() == two_members());
}

TEST_CASE("zip: an archive with a comment and a zip64 archive are read") {
  const TemporaryFolder folder;
  std::string commented = two_members();
  commented.replace(commented.size() - 2, 2, little_endian(4, 2));
  const MappedFile file(folder.write("a.zip", commented + "note"));
  CHECK(ZipReader(file).find("top/first") == "hello");
  const MappedFile wide(folder.write("b.zip", zip64_archive()));
  CHECK(ZipReader(wide).find("m") == "abc");
}

TEST_CASE("zip: damaged archives are refused") {
  const std::string good = two_members();
  CHECK_THAT(error_of(good.substr(0, good.size() - 22)), Contains("a.bin: the zip archive has no directory"));
  CHECK_THAT(error_of(good.substr(0, 40)), Contains("no directory at its end: it is cut short"));
  CHECK_THAT(error_of(good.substr(100)), Contains("a.bin: "));
  CHECK_THAT(error_of(with_entry_field(good, 42, little_endian(0x7fffffff, 4))),
             Contains("points outside the file"));
  CHECK_THAT(error_of(with_entry_field(good, 42, little_endian(1, 4))),
             Contains("is not where it should be"));
  const std::string large = little_endian(0x7fffffff, 4);
  CHECK_THAT(error_of(with_entry_field(good, 20, large + large)), Contains("points outside the file"));
  CHECK_THAT(error_of(with_entry_field(good, 0, "XXXX")), Contains("entry of another kind"));
  CHECK_THAT(error_of(with_entry_field(good, 46, "pot")), Contains("has another name in its own header"));
  std::string many = good;
  many.replace(many.size() - 12, 2, "\xff\x7f");
  CHECK_THAT(error_of(many), Contains("shorter than its number of entries"));
  std::string wide = zip64_archive();
  wide.replace(wide.size() - 34, 8, little_endian(UINT64_MAX - 8, 8));
  CHECK_THAT(error_of(wide), Contains("points outside the file"));
}

TEST_CASE("zip: members that are not stored plainly are refused when asked for") {
  const std::string good = two_members();
  const auto error = [](const std::string& bytes) {
    const TemporaryFolder folder;
    const MappedFile file(folder.write("a.bin", bytes));
    const ZipReader zip(file);
    CHECK(zip.find("top/empty") == "");
    return input_error_of([&] { zip.find("top/first"); });
  };
  const std::string refusal = "a.bin: the zip member 'top/first' is compressed or encrypted";
  CHECK_THAT(error(with_entry_field(good, 10, little_endian(8, 2))),
             Contains(refusal) && Contains("torch.save"));
  CHECK_THAT(error(with_entry_field(good, 8, little_endian(1, 2))), Contains(refusal));
}

TEST_CASE("zip: a name given twice is refused") {
  ZipWriter zip;
  zip.add("same", "1");
  zip.add("same", "2");
  CHECK_THAT(error_of(std::move(zip).finish()), Contains("'same' twice"));
}

}  // namespace adaptune
