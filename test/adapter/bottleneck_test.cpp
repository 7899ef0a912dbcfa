#include "adapter/bottleneck.h"

#include <vector>

#include "adapter/gradient_check.h"
#include "adapter/residual_site.h"
#include "catch.h"
#include "core/error.h"

namespace adaptune {
namespace {

constexpr int64_t kHidden = 6, kWidth = 3;

// Every combination of the options that change the formula, without the meaningless post_add.
std::vector<BottleneckOptions> all_combinations() {
  std::vector<BottleneckOptions> all;
  for (int bits = 0; bits < 128; ++bits) {
    BottleneckOptions options;
    options.original_ln_before = bits & 1;
    options.original_ln_after = bits & 2;
    options.adapter_residual_before_ln = bits & 4;
    options.ln_before = bits & 8;
    options.ln_after = bits & 16;
    options.is_parallel = bits & 32;
    options.use_gating = bits & 64;
    options.non_linearity = "gelu";
    for (const char* residual : {"true", "false", "post_add"}) {
      options.residual_before_ln = residual;
      if (options.residual_before_ln == "post_add" && !options.original_ln_before) continue;
      for (const char* scaling : {"2.0", "learned", "channel"}) {
        options.scaling = scaling;
        all.push_back(options);
      }
    }
  }
  return all;
}

// Far from the start, where a gradient may vanish.
void randomise(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : module.parameters()) parameter.normal_(0, 0.5);
}

}  // namespace

TEST_CASE("gradients of every bottleneck agree with finite differences", "[adapter]") {
  torch::manual_seed(1);
  const ResidualSite site(2, 3, kHidden, torch::kFloat64);
  const auto weight = torch::randn({6, kHidden}, torch::kFloat64);
  double largest = 0;
  for (const auto& options : all_combinations()) {
    Bottleneck bottleneck(options, kHidden, kWidth);
    bottleneck.to(torch::kFloat64);
    bottleneck.eval();
    randomise(bottleneck);
    const auto loss = [&] { return (site.run(bottleneck) * weight).sum(); };
    largest = std::max(largest, largest_gradient_error(bottleneck.parameters(), loss));
  }
  CHECK(largest < 1e-6);
}

TEST_CASE("factors give the bottleneck's own change", "[adapter]") {
  torch::manual_seed(2);
  const auto z = torch::randn({6, kHidden}, torch::kFloat64);
  const auto tokens = packed_tokens({6}, torch::kCPU);
  for (const char* scaling : {"1.0", "3.5", "learned", "channel"}) {
    BottleneckOptions options;
    options.scaling = scaling;
    Bottleneck bottleneck(options, kHidden, kWidth);
    bottleneck.to(torch::kFloat64);
    randomise(bottleneck);
    const auto f = bottleneck.factors();
    REQUIRE(f);
    const auto u = at::linear(f->activation(at::linear(z, f->down, f->down_bias)), f->up, f->up_bias);
    CHECK(at::allclose(u, bottleneck.delta(z, tokens), 1e-12, 1e-12));
  }
}

TEST_CASE("a bottleneck that starts at zero leaves the layer unchanged", "[adapter]") {
  torch::manual_seed(3);
  const ResidualSite site(2, 3, kHidden, torch::kFloat32);
  for (const char* start : {"zero", "mam_adapter"}) {
    for (const bool parallel : {false, true}) {
      BottleneckOptions options;
      options.init_weights = start;
      options.is_parallel = parallel;
      options.use_gating = true;
      Bottleneck bottleneck(options, kHidden, kWidth);
      CHECK(at::equal(site.run(bottleneck), site.base(site.output)));
    }
  }
}

TEST_CASE("weights start as the method says", "[adapter]") {
  torch::manual_seed(4);
  const auto weights = [](const char* start) {
    BottleneckOptions options;
    options.init_weights = start;
    options.use_gating = true;
    return std::make_shared<Bottleneck>(options, 400, 300)->named_parameters();
  };
  const auto bert = weights("bert");
  CHECK(bert["down.weight"].std().item<double>() == Approx(0.02).margin(0.001));
  CHECK(bert["up.weight"].std().item<double>() == Approx(0.02).margin(0.001));
  CHECK(bert["gate.bias"].abs().max().item<double>() == 0);
  const auto houlsby = weights("houlsby");
  CHECK(houlsby["down.weight"].abs().max().item<double>() <= 0.02);
  CHECK(houlsby["down.weight"].std().item<double>() == Approx(0.01 * 0.8796).margin(0.0005));
  CHECK(houlsby["up.bias"].abs().max().item<double>() == 0);
  const auto mam = weights("mam_adapter");
  CHECK(mam["down.weight"].abs().max().item<double>() == Approx(0.05).margin(0.0005));
  CHECK(mam["up.weight"].abs().max().item<double>() == 0);
}

TEST_CASE("the width is hidden size by reduction factor, at least one", "[adapter]") {
  const auto width = [](double factor, int64_t hidden) {
    BottleneckOptions options;
    options.reduction_factor = {{"default", factor}};
    return bottleneck_width(options, 0, hidden);
  };
  CHECK(width(16, 768) == 48);
  CHECK(width(5.3, 32) == 6);
  CHECK(width(0.5, 32) == 64);
  CHECK(width(100, 32) == 1);
  CHECK(width(0.1, 32) == 319);  // as Python: 32 // 0.1
}

TEST_CASE("reduction factors may differ by layer", "[adapter]") {
  BottleneckOptions options;
  options.reduction_factor = {{"0", 2}, {"2", 8}};
  CHECK(bottleneck_width(options, 0, 32) == 16);
  CHECK(bottleneck_width(options, 2, 32) == 4);
  CHECK_THROWS_WITH(bottleneck_width(options, 1, 32), Catch::Contains("neither layer 1 nor 'default'"));
}

TEST_CASE("dropout and stochastic depth act in training only", "[adapter]") {
  torch::manual_seed(5);
  const ResidualSite site(8, 3, kHidden, torch::kFloat32);
  BottleneckOptions options;
  options.stochastic_depth = 0.5;
  Bottleneck bottleneck(options, kHidden, kWidth);
  randomise(bottleneck);
  bottleneck.eval();
  const auto whole = bottleneck.delta(site.output, site.tokens());
  CHECK(at::equal(whole, bottleneck.delta(site.output, site.tokens())));
  bottleneck.train();
  const auto dropped = bottleneck.delta(site.output, site.tokens());
  for (int64_t b = 0; b < 8; ++b) {
    const auto own = site.tokens().of(dropped, b);
    const bool gone = own.abs().max().item<double>() == 0;
    CHECK((gone || at::allclose(own, 2 * site.tokens().of(whole, b), 1e-5, 1e-5)));
  }
}

}  // namespace adaptune
