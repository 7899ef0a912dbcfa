#include "io/tar_file.h"

#include <cstring>

#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

std::string octal(uint64_t value, size_t size) {
  std::string digits(size - 1, '0');
  for (size_t i = digits.size(); i-- > 0; value /= 8) digits[i] = static_cast<char>('0' + value % 8);
  return digits + '\0';
}

// A header and its content, as tar writes them.
std::string member(const std::string& name, const std::string& bytes, char type = '0') {
  std::string header(512, '\0');
  std::memcpy(header.data(), name.data(), std::min<size_t>(name.size(), 100));
  header.replace(124, 12, octal(bytes.size(), 12));
  header[156] = type;
  header.replace(257, 8, std::string("ustar\00000", 8));
  header.replace(148, 8, std::string(8, ' '));
  uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 8, octal(sum, 7) + " ");
  std::string padded = bytes;
  padded.resize((bytes.size() + 511) / 512 * 512);
  return header + padded;
}

const std::string kEnd(1024, '\0');

std::vector<std::pair<std::string, std::string>> members_of(const std::filesystem::path& file) {
  std::vector<std::pair<std::string, std::string>> members;
  read_tar(file, [&](TarMember&& member) { members.emplace_back(member.name, member.bytes); });
  return members;
}

}  // namespace

TEST_CASE("files of an archive come in their order, folders are passed over") {
  const TemporaryFolder folder;
  const auto file = folder.write("a.tar", member("./cat/", "", '5') + member("./cat/1.png", "one") +
                                              member("dog/2.png", std::string(700, 'x')) + kEnd);
  const auto members = members_of(file);
  REQUIRE(members.size() == 2);
  CHECK(members[0] == std::pair<std::string, std::string>("cat/1.png", "one"));
  CHECK(members[1].first == "dog/2.png");
  CHECK(members[1].second.size() == 700);
}

TEST_CASE("long names of GNU and of pax are read") {
  const TemporaryFolder folder;
  const std::string name = std::string(120, 'd') + "/1.png";
  const std::string line = "path=" + name + "\n";
  const std::string pax = std::to_string(line.size() + 4) + " " + line;
  const auto file = folder.write("a.tar", member("././@LongLink", name + '\0', 'L') + member("short", "gnu") +
                                              member("PaxHeader", pax, 'x') + member("short", "pax") + kEnd);
  const auto members = members_of(file);
  REQUIRE(members.size() == 2);
  CHECK(members[0].first == name);
  CHECK(members[1].first == name);
}

TEST_CASE("links and paths out of the archive's folder are refused") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& bytes) {
    return input_error_of([&] { members_of(folder.write("a.tar", bytes + kEnd)); });
  };
  CHECK_THAT(refusal(member("cat/1.png", "", '2')), Contains("'cat/1.png' is a link"));
  CHECK_THAT(refusal(member("cat/1.png", "", '1')), Contains("is a link"));
  CHECK_THAT(refusal(member("cat/pipe", "", '6')), Contains("is no plain file"));
  CHECK_THAT(refusal(member("../1.png", "x")), Contains("'../1.png' would lie outside"));
  CHECK_THAT(refusal(member("/etc/passwd", "x")), Contains("would lie outside"));
}

TEST_CASE("damaged and truncated archives are told") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& bytes) {
    return input_error_of([&] { members_of(folder.write("a.tar", bytes)); });
  };
  const std::string whole = member("cat/1.png", "one") + kEnd;
  CHECK_THAT(refusal(""), Contains("is empty"));
  CHECK_THAT(refusal(std::string(600, 'x')), Contains("is no tar archive"));
  CHECK_THAT(refusal(whole.substr(0, 700)), Contains("ends in the middle of a file"));
  CHECK_THAT(refusal(whole.substr(0, 300)), Contains("ends in the middle of a header"));
  auto damaged = member("cat/1.png", "one") + whole;
  damaged[1024] = 'd';
  CHECK_THAT(refusal(damaged), Contains("a header's checksum is wrong"));
}

}  // namespace adaptune
