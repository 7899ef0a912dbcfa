#include "core/file_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "catch.h"
#include "io/mapped_file.h"
#include "io/temporary_folder.h"

namespace adaptune {
namespace {

constexpr std::size_t kPages = 16;

std::size_t page() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

// In this process's memory.
std::size_t private_pages(const void* data) {
  std::ifstream smaps("/proc/self/smaps");
  char begin[32];
  std::snprintf(begin, sizeof begin, "%zx-", reinterpret_cast<std::size_t>(data));
  std::size_t kib = 0;
  bool here = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line.rfind(begin, 0) == 0) here = true;
    if (here && line.rfind("Rss:", 0) == 0) {
      kib = std::stoul(line.substr(4));
      break;
    }
  }
  return kib * 1024 / page();
}

std::size_t zeros(std::string_view bytes) {
  return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\0'));
}

}  // namespace

TEST_CASE("released pages of a mapped file leave memory and can be read again") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "weights";
  std::ofstream(path, std::ios::binary) << std::string(kPages * page(), 'w');
  const MappedFile file(path);
  REQUIRE(zeros(file.bytes()) == 0);
  REQUIRE(private_pages(file.bytes().data()) == kPages);
  release_file_pages(file.bytes().data() + 1, 4 * page());  // with those that are read at once with them
  CHECK(private_pages(file.bytes().data()) <= kPages - 5);
  for (std::size_t begin = 0; begin < kPages * page(); begin += 1000)
    release_file_pages(file.bytes().data() + begin, std::min<std::size_t>(1000, kPages * page() - begin));
  CHECK(private_pages(file.bytes().data()) == 0);
  CHECK(zeros(file.bytes()) == 0);
}

TEST_CASE("other memory is never released") {
  std::vector<char> own(kPages * page(), 'x');
  release_file_pages(own.data(), own.size());
  CHECK(std::count(own.begin(), own.end(), 'x') == static_cast<long>(own.size()));
}

}  // namespace adaptune
