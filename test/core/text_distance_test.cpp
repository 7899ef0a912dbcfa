#include "core/text_distance.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("edit distance counts single slips") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("relu", "relu") == 0);
  CHECK(edit_distance("", "relu") == 4);
  CHECK(edit_distance("relu", "") == 4);
  CHECK(edit_distance("learning_rte", "learning_rate") == 1);  // left out
  CHECK(edit_distance("fusiion", "fusion") == 1);              // doubled
  CHECK(edit_distance("tusk", "task") == 1);                   // replaced
  CHECK(edit_distance("tsak", "task") == 1);                   // swapped
  CHECK(edit_distance("ca", "abc") == 3);                      // optimal string alignment edits no part twice
}

TEST_CASE("the nearest name is a likely slip or none") {
  const std::vector<std::string> known = {"houlsby", "pfeiffer", "parallel", "lora"};
  CHECK(nearest_name("pfeifer", known) == "pfeiffer");
  CHECK(nearest_name("paralel", known) == "parallel");
  CHECK(nearest_name("lora", known) == "lora");
  CHECK_FALSE(nearest_name("compacter", known));
  CHECK_FALSE(nearest_name("lr", {"learning_rate"}));
  CHECK_FALSE(nearest_name("x", {"y"}));
  CHECK_FALSE(nearest_name("lora", {}));
}

TEST_CASE("short names allow one slip and ties go to the first") {
  CHECK(nearest_name("fl", {"f1"}) == "f1");
  CHECK(nearest_name("bat", {"bar", "cat"}) == "bar");
  CHECK(nearest_name("bat", {"cat", "bar"}) == "cat");
}

}  // namespace adaptune
