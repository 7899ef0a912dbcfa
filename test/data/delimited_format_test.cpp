#include "data/delimited_format.h"

#include <string>
#include <vector>

#include "data/read_rows.h"
#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

using Texts = std::vector<std::string>;

std::vector<Texts> fields_of(const std::filesystem::path& file, const FormatOptions& options = {}) {
  std::vector<Texts> fields;
  for (const Record& record : rows_of(file, options)) fields.push_back(texts_of(record));
  return fields;
}

std::string csv_error(const std::string& text) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.csv", text);
  return input_error_of([&] { rows_of(file); });
}

}  // namespace

TEST_CASE("csv: the first row names the columns") {
  const TemporaryFolder folder;
  const auto rows = rows_of(folder.write("a.csv", "text,label\ngood,1\n"));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].columns == Texts{"text", "label"});
  CHECK(texts_of(rows[0]) == Texts{"good", "1"});
}

TEST_CASE("csv: quoted fields hold commas, doubled quotes and line ends") {
  const TemporaryFolder folder;
  const auto file =
      folder.write("a.csv", "text,label\r\n\"a, \"\"b\"\"\r\nc\",1\r\n\"\",2\r\nd \"e\" f,3\r\n");
  CHECK(fields_of(file) == std::vector<Texts>{{"a, \"b\"\nc", "1"}, {"", "2"}, {"d \"e\" f", "3"}});
}

TEST_CASE("csv: empty fields count, empty lines do not") {
  const TemporaryFolder folder;
  CHECK(fields_of(folder.write("a.csv", "x,y,z\n,,\n\n1,,3")) ==
        std::vector<Texts>{{"", "", ""}, {"1", "", "3"}});
}

TEST_CASE("csv: a row's number is the line where it begins") {
  const TemporaryFolder folder;
  const auto rows = rows_of(folder.write("a.csv", "x,y\n\"a\nb\",1\n\nc,2\n"));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].number == 2);
  CHECK(rows[1].number == 5);
}

TEST_CASE("csv: malformed rows are named with line and remedy") {
  CHECK_THAT(csv_error("text,label\na,b,c\n"),
             Contains("a.csv:2: has 3 fields, the header has 2 (text, label)") && Contains("double quotes"));
  CHECK_THAT(csv_error("text,label\na\n"), Contains("a.csv:2: has 1 field,"));
  CHECK_THAT(csv_error("text,label\n\"a\" b,1\n"), Contains("a.csv:2: text follows the closing quote"));
  CHECK_THAT(csv_error("text,label\na,1\n\"b,2\nc,3\n"),
             Contains("a.csv:3: the quote opened before") && Contains("never closed"));
  CHECK_THAT(csv_error("text,label,text\n"), Contains("a.csv:1: column 'text' is named twice"));
  CHECK_THAT(csv_error(""), Contains("a.csv: is empty; the first line must name the columns"));
}

TEST_CASE("tsv: quotes are plain characters unless asked for") {
  const TemporaryFolder folder;
  const auto file = folder.write("a.tsv", "x\ty\n\"a\t5\" wide\n");
  CHECK(fields_of(file) == std::vector<Texts>{{"\"a", "5\" wide"}});
  const auto quoted = folder.write("b.tsv", "x\ty\n\"a\tb\"\tc,\"d\n");
  CHECK(fields_of(quoted, {.quoted_tsv = true}) == std::vector<Texts>{{"a\tb", "c,\"d"}});
  CHECK_THAT(input_error_of([&] { rows_of(quoted); }),
             Contains("b.tsv:2: has 3 fields") && Contains("`quoted: true`"));
}

}  // namespace adaptune
