#include "core/utf8.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("text is valid UTF-8 or it is not") {
  CHECK(is_valid_utf8(""));
  CHECK(is_valid_utf8("na\u00efve \U0001F600"));
  CHECK_FALSE(is_valid_utf8("na\xefve"));      // Latin-1
  CHECK_FALSE(is_valid_utf8("cut \xe2\x82"));  // in the middle of a character
  CHECK_FALSE(is_valid_utf8("\xed\xa0\x80"));  // half of a surrogate pair
  CHECK_FALSE(is_valid_utf8("\xc0\xaf"));      // longer than it has to be
}

TEST_CASE("code points survive the way there and back, and invalid parts become U+FFFD") {
  std::string text;
  for (const char32_t point : decode_utf8("a\u00e9\u20ac\U0001F600")) append_utf8(text, point);
  CHECK(text == "a\u00e9\u20ac\U0001F600");
  CHECK((decode_utf8("a\xff") == U"a\uFFFD"));
}

}  // namespace adaptune
