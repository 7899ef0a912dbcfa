#include "metric/decathlon.h"

#include <stdexcept>

#include "catch.h"

namespace adaptune {

TEST_CASE("the decathlon gives the baseline 250 points a domain, and 1000 for no error") {
  CHECK(decathlon_score({0.2, 0.1}, {0.2, 0.1}) == Approx(500));
  CHECK(decathlon_score({0}, {0.3}) == Approx(1000));
  CHECK(decathlon_score({0.1}, {0.2}) == Approx(562.5));
  CHECK(decathlon_score({0.5}, {0.2}) == 0);  // more than twice the baseline's error
  CHECK(decathlon_score({0, 0.1}, {0, 0}) == 1000);
  CHECK_THROWS_AS(decathlon_score({0.1}, {}), std::logic_error);
}

}  // namespace adaptune
