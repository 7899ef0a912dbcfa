#include "metric/semeval.h"

#include <string>
#include <vector>

#include "catch.h"

namespace adaptune {
namespace {

const std::vector<std::string> kClasses = {"A-B(e1,e2)", "A-B(e2,e1)", "C-D(e1,e2)", "C-D(e2,e1)", "Other"};

}  // namespace

TEST_CASE("a right relation in the wrong direction is wrong") {
  // A-B: of 3 answers and 2 sentences one is right, F1 2 / 5. C-D: of 1 answer and 2 sentences one is right,
  // 2 / 3.
  const std::vector<int64_t> gold = {0, 1, 2, 3, 4}, predicted = {0, 0, 2, 4, 1};
  CHECK(*semeval_f1(kClasses, gold, predicted) == Approx((2.0 / 5 + 2.0 / 3) / 2));
  CHECK(*semeval_f1(kClasses, gold, gold) == 1);
}

TEST_CASE("without directions there is no directed score") {
  CHECK_FALSE(semeval_f1({"a", "b"}, {0, 1}, {0, 1}).has_value());
}

}  // namespace adaptune
