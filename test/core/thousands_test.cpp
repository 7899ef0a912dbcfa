#include "core/thousands.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("thousands are set apart by blanks") {
  CHECK(thousands(0) == "0");
  CHECK(thousands(999) == "999");
  CHECK(thousands(1000) == "1 000");
  CHECK(thousands(109482240) == "109 482 240");
  CHECK(thousands(-123456) == "-123 456");
}

}  // namespace adaptune
