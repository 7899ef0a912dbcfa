#include "report/table.h"

#include <stdexcept>

#include "report/text_width.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("columns line up whatever the bytes of their text") {
  Table table({{"Name"}, {"Größe", Align::kRight}, {"note"}});
  table.add_row({"naïve", "7", "x"});
  table.add_row({"日本", "1 234", ""});
  CHECK(table.text() ==
        "  Name    Größe   note\n"
        "  naïve       7   x\n"
        "  日本    1 234\n");
}

TEST_CASE("width counts columns, not bytes") {
  CHECK(display_width("━╸") == 2);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\u0301") == 1);   // combining accent
  CHECK(display_width("\xff\xfe") == 2);  // not UTF-8
  CHECK(cut_to_width("a日本", 4) == "a日");
  CHECK(cut_to_width("abc", 9) == "abc");
}

TEST_CASE("Markdown keeps bars and line breaks out of the structure") {
  Table table({{"a|b"}, {"n", Align::kRight}});
  table.add_row({"two\nlines", "1"});
  CHECK(table.markdown() == "| a\\|b | n |\n| --- | ---: |\n| two lines | 1 |\n");
}

TEST_CASE("CSV holds raw numbers and quotes what needs it") {
  Table table({{"name"}, {"count", Align::kRight}});
  table.add_row({"say \"hi\", you", TableCell("109 482", "109482")});
  CHECK(table.csv() == "name,count\n\"say \"\"hi\"\", you\",109482\n");
  CHECK(table.text().find("109 482") != std::string::npos);
}

TEST_CASE("a row of the wrong length is refused") {
  Table table({{"a"}, {"b"}});
  CHECK_THROWS_AS(table.add_row({"1"}), std::logic_error);
}

}  // namespace adaptune
