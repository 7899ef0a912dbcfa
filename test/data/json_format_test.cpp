#include "data/json_format.h"

#include <zlib.h>

#include <string>
#include <vector>

#include "data/read_rows.h"
#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

using Texts = std::vector<std::string>;

std::string error_of(const std::string& name, const std::string& text) {
  const TemporaryFolder folder;
  const auto file = folder.write(name, text);
  return input_error_of([&] { rows_of(file); });
}

void write_gzip(const std::filesystem::path& file, const std::string& text) {
  gzFile out = gzopen(file.c_str(), "wb");
  gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
  gzclose(out);
}

}  // namespace

TEST_CASE("jsonl: values keep their kind, columns their order") {
  const TemporaryFolder folder;
  const auto file =
      folder.write("a.jsonl", R"({"b":"x","a":1.0,"c":0.5,"d":true,"e":null,"f":["u",2],"g":{}})"
                              "\n\n"
                              R"({"b":"y"})");
  const auto rows = rows_of(file);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].columns == Texts{"b", "a", "c", "d", "e", "f", "g"});
  CHECK(texts_of(rows[0]) == Texts{"x", "1", "0.5", "true", "", "", ""});
  CHECK(rows[0].cells[1].kind == Cell::Kind::kNumber);
  CHECK(rows[0].cells[3].kind == Cell::Kind::kBoolean);
  CHECK(rows[0].cells[4].kind == Cell::Kind::kNull);
  CHECK(items_of(rows[0].cells[5]) == Texts{"u", "2"});
  CHECK(rows[0].cells[6].kind == Cell::Kind::kObject);
  CHECK(rows[1].number == 3);
}

TEST_CASE("jsonl: a line that is not a JSON object is named with its number and text") {
  CHECK_THAT(error_of("a.jsonl", "{\"a\":1}\nnot json\n"),
             Contains("a.jsonl:2: is not JSON") && Contains("not json"));
  CHECK_THAT(error_of("a.jsonl", "{\"a\":\"x\n"), Contains("a.jsonl:1: is not JSON"));
  CHECK_THAT(error_of("a.jsonl", "{\"a\":1}\n[1]\n"),
             Contains("a.jsonl:2: must be a JSON object with one value a column, found a list"));
  CHECK_THAT(error_of("a.jsonl", "{\"a\":1} {\"a\":2}\n"), Contains("a.jsonl:1: is not JSON"));
  CHECK_THAT(error_of("a.jsonl", "{\"a\":1e999}\n"), Contains("a number is out of range"));
}

TEST_CASE("text that is not UTF-8 is named with its place, the byte and what to do") {
  CHECK(error_of("a.jsonl", "{\"a\":1}\n{\"a\":\"caf\xe9\"}\n")
            .ends_with("a.jsonl:2: column 10: byte 0xe9 behind '{\"a\":\"caf' is not UTF-8 text; convert the "
                       "text, for "
                       "example with iconv -f LATIN1 -t UTF-8"));
  CHECK_THAT(error_of("a.json", "[\n{\"a\":\"\xff\"}]"),
             Contains("a.json: line 2 column 7: byte 0xff behind"));
}

TEST_CASE("a key that an object names twice is refused with its place") {
  CHECK_THAT(error_of("a.jsonl", "{\"a\":1,\"b\":2}\n{\"a\":1, \"a\":2}\n"),
             Contains("a.jsonl:2: key 'a' is named twice, again at column 9; leave one of them"));
  CHECK_THAT(error_of("a.json", "[{\"a\":1},\n{\"a\":1,\n \"b\":3, \"a\":2}]"),
             Contains("a.json: key 'a' is named twice, again at line 3 column 9"));
  CHECK(error_of("a.jsonl", "{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}]}\n").empty());
}

TEST_CASE("json: an array of objects, or an object of columns") {
  const TemporaryFolder folder;
  const auto objects = rows_of(folder.write("a.json", R"([{"a":"x"},{"a":"y"}])"));
  const auto columns = rows_of(folder.write("b.json", R"({"a":["x","y"]})"));
  for (const auto& rows : {objects, columns}) {
    REQUIRE(rows.size() == 2);
    CHECK(texts_of(rows[1]) == Texts{"y"});
    CHECK(rows[1].number == 2);
  }
}

TEST_CASE("json: other shapes are named") {
  CHECK_THAT(error_of("a.json", "3"), Contains("must be an array of objects or an object of columns, found "
                                               "the number 3"));
  CHECK_THAT(error_of("a.json", R"([{"a":1},2])"), Contains("a.json row 2: must be an object"));
  CHECK_THAT(error_of("a.json", R"({"a":[1,2],"b":[1]})"), Contains("column 'b' has 1 values, 'a' has 2"));
  CHECK_THAT(error_of("a.json", R"({"a":"x"})"), Contains("column 'a' must be a list") && Contains(".jsonl"));
  CHECK_THAT(error_of("a.json", "[\n{\"a\":1},\n{]"), Contains("a.json: is not JSON") && Contains("line 3"));
}

TEST_CASE("every format is also read compressed, whatever the case of its ending") {
  const TemporaryFolder folder;
  write_gzip(folder.path() / "a.jsonl.gz", "{\"a\":\"x\"}\n");
  write_gzip(folder.path() / "b.CSV.GZ", "a\nx\n");
  for (const std::string name : {"a.jsonl.gz", "b.CSV.GZ"})
    CHECK(texts_of(rows_of(folder.path() / name).at(0)) == Texts{"x"});
}

TEST_CASE("an unknown ending is answered with the known ones") {
  const auto refusal = [](const std::filesystem::path& file, bool images) {
    return input_error_of([&] { format_of(file, images); });
  };
  CHECK(
      refusal("data/train.txt", false) ==
      "data/train.txt: unknown ending '.txt'; known: .jsonl .json .csv .tsv .conll .conllu (each also .gz)");
  CHECK(refusal("data/train.txt", true) ==
        "data/train.txt: unknown ending '.txt'; known: a folder with one for each class, .jsonl .json .csv "
        ".tsv "
        ".tar .tgz .bin -idx3-ubyte (each also .gz)");
  CHECK_THAT(refusal("train.gz", false), Contains("has no ending"));
}

TEST_CASE("a format of images is none of texts, and the other way round") {
  const TemporaryFolder folder;
  const auto refusal = [](const std::filesystem::path& file, bool images) {
    return input_error_of([&] { format_of(file, images); });
  };
  CHECK_THAT(refusal(folder.path(), false), Contains("is a folder, and the task reads files of texts; known: "
                                                     ".jsonl .json .csv .tsv .conll .conllu (each"));
  CHECK_THAT(refusal("train.tar.gz", false),
             Contains("'.tar' is not for a task that reads texts; known: .jsonl"));
  CHECK_THAT(refusal("train.conll", true), Contains("'.conll' is not for a task that reads images"));
  CHECK(format_of(folder.path(), true).ending == "/");
}

}  // namespace adaptune
