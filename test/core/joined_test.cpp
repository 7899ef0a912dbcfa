#include "core/joined.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("texts are joined in their order") {
  CHECK(joined({"text", "label", "id"}) == "text, label, id");
  CHECK(joined({"", "b"}, "|") == "|b");
  CHECK(joined({"only"}) == "only");
  CHECK(joined({}).empty());
}

}  // namespace adaptune
