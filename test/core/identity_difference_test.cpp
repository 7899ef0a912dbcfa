#include "core/identity_difference.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("settings that differ are told by their full paths") {
  const std::string before = "model: a\ntask:\n  data:\n    seed: 1\n  train:\n    seed: 1\nlast: x\n";
  CHECK(identity_difference(before, before).empty());
  CHECK(identity_difference(before,
                            "model: a\ntask:\n  data:\n    seed: 1\n  train:\n    seed: 2\nlast: x\n") ==
        "\n  - task.train.seed: 1\n  + task.train.seed: 2");
}

TEST_CASE("a setting that is new, gone or moved makes no other one differ") {
  CHECK(identity_difference("a: 1\nb: 2\nc: 3\n", "b: 2\nnew:\n  d: 4\nc: 3\n") ==
        "\n  - a: 1\n  + new.d: 4");
  CHECK(identity_difference("a: 1\nb: 2\n", "b: 2\na: 1\n").empty());
}

TEST_CASE("a line without a key belongs to the value above it") {
  CHECK(identity_difference("train: 5 bytes\n6 bytes\n", "train: 5 bytes\n7 bytes\n") ==
        "\n  - train: 5 bytes, 6 bytes\n  + train: 5 bytes, 7 bytes");
}

}  // namespace adaptune
