#include "metric/bootstrap.h"

#include <cmath>

#include "core/error.h"

#include "catch.h"

namespace adaptune {
namespace {

// n examples of which every fourth is wrong.
Predictions three_quarters_right(int64_t n) {
  Predictions predictions;
  for (int64_t i = 0; i < n; ++i) {
    predictions.gold_classes.push_back(i % 2);
    predictions.classes.push_back(i % 4 == 0 ? 1 - i % 2 : i % 2);
  }
  predictions.class_count = 2;
  return predictions;
}

// The same examples, each of them wrong: a difference from these is a score.
Predictions none_right(Predictions predictions) {
  for (size_t i = 0; i < predictions.classes.size(); ++i)
    predictions.classes[i] = 1 - predictions.gold_classes[i];
  return predictions;
}

}  // namespace

TEST_CASE("the interval of an accuracy has the binomial width") {
  const Predictions right = three_quarters_right(400);
  const auto result =
      bootstrap_difference(metric_by_name("accuracy"), none_right(right), right, {.resamples = 4000});
  REQUIRE(result);
  const double expected = std::sqrt(0.75 * 0.25 / 400);
  CHECK(result->estimate == 0.75);
  CHECK(result->standard_error == Approx(expected).epsilon(0.05));
  CHECK(result->low == Approx(0.75 - 1.96 * expected).margin(0.006));
  CHECK(result->high == Approx(0.75 + 1.96 * expected).margin(0.006));
  CHECK(result->defined == 4000);
}

TEST_CASE("a seed fixes the interval, another seed moves it") {
  const Predictions right = three_quarters_right(101), wrong = none_right(right);
  const auto error_with = [&](uint64_t seed) {
    return bootstrap_difference(metric_by_name("matthews_correlation"), wrong, right, {.seed = seed})
        ->standard_error;
  };
  CHECK(error_with(1) == error_with(1));
  CHECK(error_with(2) != error_with(1));
}

TEST_CASE("a paired difference is judged on the same resamples") {
  const Predictions first = three_quarters_right(400);
  Predictions second = first;
  for (size_t i = 0; i < 40; i += 4) second.classes[i] = second.gold_classes[i];  // ten repaired
  const auto result = bootstrap_difference(metric_by_name("accuracy"), first, second);
  REQUIRE(result);
  CHECK(result->estimate == Approx(10.0 / 400));
  CHECK(result->low > 0);  // unpaired, the interval would be 0.06 wide on each side
  CHECK(result->standard_error == Approx(std::sqrt(0.025 * 0.975 / 400)).epsilon(0.1));
  const auto same = bootstrap_difference(metric_by_name("accuracy"), first, first);
  CHECK(same->estimate == 0);
  CHECK(same->low == 0);
  CHECK(same->high == 0);
}

TEST_CASE("predictions on other examples are not compared") {
  CHECK_THROWS_AS(
      bootstrap_difference(metric_by_name("accuracy"), three_quarters_right(8), three_quarters_right(12)),
      InputError);
}

TEST_CASE("resamples without a score are left out and counted") {
  Predictions values;
  values.values = {1, 2};
  values.gold_values = {3, 4};
  const auto result = bootstrap_difference(metric_by_name("pearsonr"), values, values);
  REQUIRE(result);
  CHECK(result->defined > 300);
  CHECK(result->defined < 700);  // half of the resamples draw one point twice
  CHECK_FALSE(bootstrap_difference(metric_by_name("accuracy"), {}, {}).has_value());
}

}  // namespace adaptune
