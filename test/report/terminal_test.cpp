#include "report/terminal.h"

#include "core/error.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("colour follows the choice, then NO_COLOR, then the terminal") {
  CHECK(use_colour(ColourChoice::kAuto, true, false));
  CHECK_FALSE(use_colour(ColourChoice::kAuto, false, false));
  CHECK_FALSE(use_colour(ColourChoice::kAuto, true, true));
  CHECK(use_colour(ColourChoice::kAlways, false, true));
  CHECK_FALSE(use_colour(ColourChoice::kNever, true, false));
  CHECK(parse_colour_choice("never") == ColourChoice::kNever);
  CHECK_THROWS_AS(parse_colour_choice("sometimes"), UsageError);
}

TEST_CASE("locale names tell UTF-8") {
  CHECK(is_utf8_locale("de_DE.UTF-8"));
  CHECK(is_utf8_locale("C.utf8"));
  CHECK(is_utf8_locale("en_US.utf8@euro"));
  CHECK_FALSE(is_utf8_locale("C"));
  CHECK_FALSE(is_utf8_locale("de_DE.ISO-8859-1"));
  CHECK_FALSE(is_utf8_locale(""));
}

TEST_CASE("what is no terminal has no width") { CHECK_FALSE(terminal_columns(-1).has_value()); }

}  // namespace adaptune
