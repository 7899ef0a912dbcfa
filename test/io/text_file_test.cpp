#include "io/text_file.h"

#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

std::string compressed(const TemporaryFolder& folder, const std::string& text) {
  const std::string name = (folder.path() / "packed").string();
  gzFile file = gzopen(name.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return bytes_of(name);
}

// Text that hardly compresses, so that half of the packed file is half of the text.
std::string noise() {
  std::string text;
  uint32_t state = 1;
  for (int i = 0; i < 50'000; ++i)
    text += static_cast<char>(32 + (state = state * 1664525 + 1013904223) / 48806447);
  return text;
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  LineReader reader(file);
  std::vector<std::string> lines;
  for (std::string line; reader.next(line);) {
    lines.push_back(line);
    REQUIRE(reader.line_number() == static_cast<int64_t>(lines.size()));
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("lines end with a newline, a Windows line end or the file") {
  const TemporaryFolder folder;
  CHECK(lines_of(folder.write("a", "one\ntwo\r\n\nfour")) == Lines{"one", "two", "", "four"});
  CHECK(lines_of(folder.write("b", "one\n")) == Lines{"one"});
  CHECK(lines_of(folder.write("c", "")).empty());
  CHECK(lines_of(folder.write("d", "\n")) == Lines{""});
  CHECK(lines_of(folder.write("e", "a\rb\r\n\r\n")) == Lines{"a\rb", ""});
  CHECK(lines_of(folder.write("f", std::string("nul\0byte\n", 9))) == Lines{std::string("nul\0byte", 8)});
}

TEST_CASE("a byte order mark at the start is dropped, elsewhere kept") {
  const TemporaryFolder folder;
  const auto file = folder.write("a", "\xEF\xBB\xBFone\n\xEF\xBB\xBFtwo\n");
  CHECK(lines_of(file) == Lines{"one", "\xEF\xBB\xBFtwo"});
  CHECK(read_text(file) == "one\n\xEF\xBB\xBFtwo\n");
  CHECK(lines_of(folder.write("b", "\xEF\xBB\xBF")).empty());
}

TEST_CASE("gzip is recognised by content, whatever the name") {
  const TemporaryFolder folder;
  CHECK(lines_of(folder.write("plain_name.txt", compressed(folder, "one\ntwo\n"))) == Lines{"one", "two"});
  CHECK(lines_of(folder.write("not_packed.gz", "one\ntwo\n")) == Lines{"one", "two"});
  CHECK(read_text(folder.path() / "plain_name.txt") == "one\ntwo\n");
}

TEST_CASE("lines far longer than the buffer come whole") {
  const TemporaryFolder folder;
  const std::string first(300'000, 'a'), second(70'000, 'b');
  const auto file = folder.write("long", compressed(folder, first + "\r\n" + second));
  CHECK(lines_of(file) == Lines{first, second});
}

TEST_CASE("a file that cannot be read as text is named with the reason") {
  const TemporaryFolder folder;
  const std::string packed = compressed(folder, noise());
  const auto cut = folder.write("cut.gz", packed.substr(0, packed.size() / 2));
  CHECK_THAT(input_error_of([&] { lines_of(cut); }), Contains("cut.gz: the compressed data is damaged"));
  CHECK_THAT(input_error_of([&] { read_text(cut); }), Contains("cut.gz: the compressed data is damaged"));
  std::string altered = packed;
  altered[packed.size() / 2] ^= 0x55;
  const auto broken = folder.write("broken.gz", altered);
  CHECK_THAT(input_error_of([&] { read_text(broken); }),
             Contains("broken.gz: the compressed data is damaged"));
  CHECK_THAT(input_error_of([&] { lines_of(folder.path() / "absent.txt"); }),
             Contains("absent.txt: no such file"));
  CHECK_THAT(input_error_of([&] { lines_of(folder.path()); }), Contains("is a folder"));
  const auto wide = folder.write("wide.txt", std::string_view("\xFF\xFEo\0n\0", 6));
  CHECK_THAT(input_error_of([&] { lines_of(wide); }), Contains("wide.txt: is UTF-16"));
}

}  // namespace adaptune
