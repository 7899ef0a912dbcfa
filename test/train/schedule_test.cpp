#include "train/schedule.h"

#include <cmath>

#include "core/error.h"

#include "catch.h"

namespace adaptune {

// Values of transformers.optimization's lambdas.
TEST_CASE("the linear schedule rises and falls") {
  CHECK(linear_factor({0, 100, 10}) == 0);
  CHECK(linear_factor({5, 100, 10}) == 0.5);
  CHECK(linear_factor({10, 100, 10}) == 1);
  CHECK(linear_factor({55, 100, 10}) == 0.5);
  CHECK(linear_factor({100, 100, 10}) == 0);
  CHECK(linear_factor({130, 100, 10}) == 0);
  CHECK(linear_factor({0, 100, 0}) == 1);
  CHECK(linear_factor({3, 4, 8}) == 0.375);
}

TEST_CASE("the cosine schedule ends at zero after half a wave") {
  CHECK(cosine_factor({5, 100, 10}) == 0.5);
  CHECK(cosine_factor({10, 100, 10}) == 1);
  CHECK(cosine_factor({55, 100, 10}) == Approx(0.5));
  CHECK(cosine_factor({40, 100, 10}) == Approx(0.5 * (1 + std::cos(M_PI / 3))));
  CHECK(cosine_factor({100, 100, 10}) == Approx(0).margin(1e-15));
}

TEST_CASE("the constant schedule only warms up") {
  CHECK(constant_factor({1, 100, 4}) == 0.25);
  CHECK(constant_factor({4, 100, 4}) == 1);
  CHECK(constant_factor({99, 100, 4}) == 1);
}

TEST_CASE("the inverse square root counts from its warm-up") {
  CHECK(inverse_sqrt_factor({2, 100, 4}) == 0.5);
  CHECK(inverse_sqrt_factor({4, 100, 4}) == 1);
  CHECK(inverse_sqrt_factor({16, 100, 4}) == 0.5);
  CHECK(inverse_sqrt_factor({0, 100, 0}) == 1);
  CHECK(inverse_sqrt_factor({30000, 100, 0}) == 0.5);
}

TEST_CASE("warm-up steps win over their share, which is rounded up") {
  TrainOptions options;
  CHECK(warmup_steps(options, 21050) == 1263);
  CHECK(warmup_steps(options, 10) == 1);
  options.warmup_steps = 3;
  CHECK(warmup_steps(options, 21050) == 3);
  options.warmup_steps = 0;
  CHECK(Schedule(options, 100, 10).learning_rate(0) == options.learning_rate);
}

TEST_CASE("an unknown schedule is refused") {
  TrainOptions options;
  options.lr_scheduler_type = "lienar";
  CHECK_THROWS_AS(Schedule(options, 10, 5), UsageError);
}

}  // namespace adaptune
