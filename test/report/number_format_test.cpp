#include "report/number_format.h"

#include <cmath>

#include "catch.h"

namespace adaptune {

TEST_CASE("numbers as in the tables") {
  CHECK(percentage(896066.0 / 110378306) == "0.81 %");
  CHECK(score_text(92.431) == "92.43");
  CHECK(score_text(std::nullopt) == "–");
  CHECK(difference_text(5.41) == "+5.41");
  CHECK(difference_text(-0.3) == "-0.30");
  CHECK(difference_text(-0.001) == "+0.00");
  CHECK(mebibytes(3565158) == "3.4 MiB");
  CHECK(scientific(8.1e-5, 1) == "8.1e-05");
}

TEST_CASE("durations count hours beyond a day and carry when rounding") {
  CHECK(duration_text(771) == "0:12:51");
  CHECK(duration_text(59.7) == "0:01:00");
  CHECK(duration_text(27 * 3600 + 191) == "27:03:11");
  CHECK(duration_text(INFINITY) == "–");
}

TEST_CASE("times are ISO 8601 in UTC") {
  CHECK(utc_time(std::chrono::system_clock::from_time_t(0)) == "1970-01-01T00:00:00Z");
  CHECK(utc_time(std::chrono::system_clock::from_time_t(1795447211)) == "2026-11-23T15:20:11Z");
}

}  // namespace adaptune
