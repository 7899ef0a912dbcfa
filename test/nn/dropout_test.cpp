#include "nn/dropout.h"

#include <torch/torch.h>

#include <vector>

#include "adapter/gradient_check.h"
#include "catch.h"

namespace adaptune {
namespace {

torch::Tensor seeded_dropout(const torch::Tensor& x, double probability) {
  torch::manual_seed(7);
  return dropout(x, probability);
}

std::vector<float> factors(uint64_t seed, uint64_t row, int64_t count) {
  std::vector<float> values(count, 1);
  DropoutFactors(0.3, seed).apply(values.data(), count, row);
  return values;
}

TEST_CASE("dropout drops the asked share and keeps the expected value") {
  const auto y = seeded_dropout(torch::ones({1000, 999}), 0.1);
  const double kept = y.ne(0).to(torch::kFloat64).mean().item<double>();
  CHECK(kept == Approx(0.9).margin(0.002));  // five standard deviations: 0.0015
  CHECK(y.to(torch::kFloat64).mean().item<double>() == Approx(1).margin(0.002));
  CHECK(y.max().item<float>() == Approx(1 / 0.9).epsilon(1e-4));
}

TEST_CASE("dropout treats neighbours, rows and columns as independent") {
  const auto kept = seeded_dropout(torch::ones({2048, 512}), 0.5).ne(0).to(torch::kFloat64) - 0.5;
  for (const auto& shifted : {kept.roll(1, 0), kept.roll(1, 1), kept.roll(16, 1), kept.roll(32, 0)}) {
    CHECK((kept * shifted).mean().item<double>() == Approx(0).margin(0.25 * 5 / 1024));
  }
}

TEST_CASE("dropout repeats with its seed and differs between calls") {
  const auto x = torch::ones({100, 100});
  const auto first = seeded_dropout(x, 0.5), next = dropout(x, 0.5);
  CHECK(first.equal(seeded_dropout(x, 0.5)));
  CHECK_FALSE(first.equal(next));
}

TEST_CASE("dropout does not depend on the number of threads") {
  const auto x = torch::ones({300, 300});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto alone = seeded_dropout(x, 0.2);
  at::set_num_threads(4);
  const auto shared = seeded_dropout(x, 0.2);
  at::set_num_threads(threads);
  CHECK(alone.equal(shared));
}

TEST_CASE("rows and seeds of dropout factors differ, a shorter row begins like a longer one") {
  const auto whole = factors(1, 0, 1000), part = factors(1, 0, 333);
  CHECK(std::vector<float>(whole.begin(), whole.begin() + 333) == part);
  CHECK(whole != factors(1, 1, 1000));
  CHECK(whole != factors(2, 0, 1000));
}

TEST_CASE("dropout's gradient is that of its own mask") {
  auto x = torch::randn({5, 7}, torch::kFloat64).set_requires_grad(true);
  CHECK(largest_gradient_error({x}, [&] { return seeded_dropout(x, 0.4).square().sum(); }) < 1e-6);
}

TEST_CASE("dropout of probability 0 is nothing, of 1 everything") {
  const auto x = torch::randn({4, 4});
  CHECK(dropout(x, 0).is_same(x));
  CHECK(dropout(x, 1).abs().max().item<float>() == 0);
}

}  // namespace
}  // namespace adaptune
