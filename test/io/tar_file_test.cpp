#include "io/tar_file.h"

#include <cstring>

#include "io/tar_archive.h"
#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

std::vector<std::pair<std::string, std::string>> members_of(const std::filesystem::path& file) {
  std::vector<std::pair<std::string, std::string>> members;
  read_tar(file, [&](TarMember&& member) {
    members.emplace_back(member.is_folder ? member.name + " (folder)" : member.name, member.bytes);
  });
  return members;
}

}  // namespace

TEST_CASE("files and folders of an archive come in their order") {
  const TemporaryFolder folder;
  const auto file =
      folder.write("a.tar", member("./", "", '5') + member("./cat/", "", '5') + member("./cat/1.png", "one") +
                                member("dog/2.png", std::string(700, 'x')) + kEnd);
  const auto members = members_of(file);
  REQUIRE(members.size() == 3);
  CHECK(members[0].first == "cat (folder)");
  CHECK(members[1] == std::pair<std::string, std::string>("cat/1.png", "one"));
  CHECK(members[2].first == "dog/2.png");
  CHECK(members[2].second.size() == 700);
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
