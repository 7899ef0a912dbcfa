#include "adapter/fusion.h"

#include <vector>

#include "adapter/gradient_check.h"
#include "adapter/residual_site.h"
#include "catch.h"

namespace adaptune {
namespace {

constexpr int64_t kHidden = 8;

void randomise(torch::nn::Module& module, double std) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : module.parameters()) parameter.normal_(0, std);
}

// Members of different widths, non-linearities and scales.
std::vector<std::shared_ptr<Bottleneck>> members(bool parallel, torch::ScalarType type) {
  std::vector<std::shared_ptr<Bottleneck>> all;
  for (const auto& [activation, scaling] :
       {std::pair{"gelu", "1.0"}, {"tanh", "learned"}, {"gelu", "channel"}}) {
    BottleneckOptions options;
    options.non_linearity = activation;
    options.scaling = scaling;
    options.is_parallel = parallel;
    all.push_back(std::make_shared<Bottleneck>(options, kHidden, 2 + static_cast<int64_t>(all.size())));
    all.back()->to(type);
    randomise(*all.back(), 0.5);
    all.back()->eval();
    for (auto& parameter : all.back()->parameters()) parameter.set_requires_grad(false);
  }
  return all;
}

// Every setting of the switches that change the formula.
std::vector<FusionOptions> all_combinations() {
  std::vector<FusionOptions> all;
  for (int bits = 0; bits < 32; ++bits) {
    FusionOptions options;
    options.query = bits & 1;
    options.key = bits & 2;
    options.value = bits & 4;
    options.query_before_ln = bits & 8;
    options.residual_before = bits & 16;
    all.push_back(options);
  }
  return all;
}

std::shared_ptr<Fusion> fusion_of(const FusionOptions& options, bool parallel, torch::ScalarType type,
                                  double dropout = 0) {
  const auto fusion = std::make_shared<Fusion>(options, members(parallel, type), kHidden, dropout);
  fusion->to(type);
  randomise(*fusion, 0.4);
  fusion->eval();
  return fusion;
}

torch::Tensor run_as(Fusion& fusion, const ResidualSite& site, FusionForm form) {
  fusion.use_form(form);
  return site.run(fusion);
}

double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

// Forms that compute these options.
std::vector<FusionForm> forms(const FusionOptions& options) {
  std::vector<FusionForm> all = {FusionForm::kFactored, FusionForm::kProduct};
  if (!options.query_before_ln && !options.residual_before) all.push_back(FusionForm::kFolded);
  return all;
}

}  // namespace

TEST_CASE("every form of fusion computes the same", "[adapter]") {
  for (const auto& [type, allowed] : {std::pair{torch::kFloat64, 1e-12}, {torch::kFloat32, 1e-5}}) {
    torch::manual_seed(1);
    const ResidualSite site(2, 3, kHidden, type);
    const torch::NoGradGuard no_grad;
    double largest = 0;
    for (const auto& options : all_combinations()) {
      for (const bool parallel : {false, true}) {
        const auto fusion = fusion_of(options, parallel, type);
        const auto reference = run_as(*fusion, site, FusionForm::kNaive);
        for (const auto form : forms(options)) {
          largest = std::max(largest, largest_difference(run_as(*fusion, site, form), reference));
        }
      }
    }
    CHECK(largest < allowed);
  }
}

TEST_CASE("the key's bias does not matter without dropout on the scores", "[adapter]") {
  torch::manual_seed(2);
  const ResidualSite site(2, 3, kHidden, torch::kFloat64);
  const torch::NoGradGuard no_grad;
  const auto fusion = fusion_of({}, false, torch::kFloat64);
  for (const auto form :
       {FusionForm::kNaive, FusionForm::kFactored, FusionForm::kProduct, FusionForm::kFolded}) {
    const auto before = run_as(*fusion, site, form);
    fusion->named_parameters()["key.bias"].add_(1);
    CHECK(largest_difference(run_as(*fusion, site, form), before) < 1e-12);
  }
}

TEST_CASE("with dropout on the scores the training form equals the naive one for the same mask",
          "[adapter]") {
  torch::manual_seed(3);
  const ResidualSite site(4, 5, kHidden, torch::kFloat64);
  for (const auto& options : all_combinations()) {
    const auto fusion = fusion_of(options, false, torch::kFloat64, /*dropout=*/0.4);
    fusion->train();
    torch::manual_seed(7);
    const auto reference = run_as(*fusion, site, FusionForm::kNaive);
    for (const auto form : {FusionForm::kFactored, FusionForm::kProduct}) {
      torch::manual_seed(7);
      CHECK(largest_difference(run_as(*fusion, site, form), reference) < 1e-12);
    }
  }
}

TEST_CASE("a pruned fusion is one of the members it keeps", "[adapter]") {
  torch::manual_seed(6);
  const ResidualSite site(2, 3, kHidden, torch::kFloat64);
  const torch::NoGradGuard no_grad;
  const auto all = members(false, torch::kFloat64);
  Fusion pruned({}, all, kHidden, 0), small({}, {all[0], all[2]}, kHidden, 0);
  for (Fusion* fusion : {&pruned, &small}) {
    fusion->to(torch::kFloat64);
    fusion->eval();
    torch::manual_seed(7);
    randomise(*fusion, 0.4);
  }
  site.run(pruned);  // what was multiplied for all members is not used any more
  pruned.keep({0, 2});
  CHECK(largest_difference(site.run(pruned), site.run(small)) < 1e-12);
  pruned.keep({1});
  Fusion one({}, {all[2]}, kHidden, 0);
  one.to(torch::kFloat64);
  one.eval();
  torch::manual_seed(7);
  randomise(one, 0.4);
  CHECK(largest_difference(site.run(pruned), site.run(one)) < 1e-12);
  CHECK_THROWS(pruned.keep({}));
}

TEST_CASE("a dropout of 0 is none, an empty one the backbone's", "[adapter]") {
  torch::manual_seed(4);
  const ResidualSite site(4, 5, kHidden, torch::kFloat64);
  FusionOptions options;
  options.dropout_prob = 0.0;
  const auto none = fusion_of(options, false, torch::kFloat64, /*backbone's=*/0.5);
  const auto evaluated = site.run(*none);
  none->train();
  CHECK(largest_difference(site.run(*none), evaluated) < 1e-12);
  const auto inherited = fusion_of({}, false, torch::kFloat64, /*backbone's=*/0.5);
  inherited->train();
  CHECK(largest_difference(site.run(*inherited), site.run(*inherited)) > 1e-3);
}

TEST_CASE("gradients of every fusion agree with finite differences", "[adapter]") {
  torch::manual_seed(5);
  const ResidualSite site(2, 3, kHidden, torch::kFloat64);
  const auto weight = torch::randn({6, kHidden}, torch::kFloat64);
  double largest = 0;
  for (const auto& options : all_combinations()) {
    if (!options.query && !options.key && !options.value) continue;
    for (const auto form : {FusionForm::kNaive, FusionForm::kFactored, FusionForm::kProduct}) {
      const auto fusion = fusion_of(options, false, torch::kFloat64);
      const auto loss = [&] { return (run_as(*fusion, site, form) * weight).sum(); };
      largest = std::max(largest, largest_gradient_error(fusion->parameters(), loss));
    }
  }
  CHECK(largest < 1e-6);
}

TEST_CASE("inference follows the weights as they change", "[adapter]") {
  torch::manual_seed(6);
  const ResidualSite site(2, 3, kHidden, torch::kFloat64);
  const torch::NoGradGuard no_grad;
  const auto fusion = fusion_of({}, false, torch::kFloat64);
  run_as(*fusion, site, FusionForm::kFolded);
  fusion->named_parameters()["query.weight"].mul_(2);
  fusion->named_parameters()["value.weight"].mul_(3);
  const auto folded = run_as(*fusion, site, FusionForm::kFolded);
  CHECK(largest_difference(folded, run_as(*fusion, site, FusionForm::kNaive)) < 1e-12);
}

TEST_CASE("a fusion with temperature starts at 50 and cools by 0.05 a pass", "[adapter]") {
  torch::manual_seed(7);
  const ResidualSite site(2, 3, kHidden, torch::kFloat64);
  FusionOptions options;
  options.temperature = true;
  const auto warm = fusion_of(options, false, torch::kFloat64);
  warm->record_attention(true);
  site.run(*warm);
  const auto first = warm->last_attention().log();
  site.run(*warm);
  const auto second = warm->last_attention().log();
  const auto spread = [](const torch::Tensor& log) { return log - log.mean(-1, true); };
  CHECK(largest_difference(spread(second) * 49.95, spread(first) * 50) < 1e-10);
}

TEST_CASE("a fusion starts with an identity as its value matrix and no penalty", "[adapter]") {
  const Fusion fusion({}, members(false, torch::kFloat32), kHidden, 0);
  const auto value = fusion.named_parameters()["value.weight"];
  CHECK(value[0][0].item<double>() == 1);
  CHECK(value[0][1].item<double>() == Approx(1e-6));
  CHECK(fusion.regularization_loss().item<double>() < 1e-10);
  const torch::NoGradGuard no_grad;
  torch::Tensor changed = value;
  changed.add_(1);
  CHECK(fusion.regularization_loss().item<double>() == Approx(0.01 * kHidden * kHidden).epsilon(1e-4));
}

TEST_CASE("mean attention counts real tokens only", "[adapter]") {
  torch::manual_seed(8);
  const ResidualSite site(2, 3, kHidden, torch::kFloat64);
  const auto fusion = fusion_of({}, false, torch::kFloat64);
  fusion->record_attention(true);
  const auto tokens = masked_tokens(torch::tensor({{1, 1, 0}, {1, 0, 0}}), 2, 3);
  const auto join = [&](const torch::Tensor& h) { return site.base(h); };
  fusion->forward(site.output, join, {tokens, &site.stream});
  const auto& all = fusion->last_attention();
  CHECK(all.sizes() == torch::IntArrayRef({6, 3}));
  const auto expected = (all[0] + all[1] + all[3]) / 3;
  CHECK(largest_difference(fusion->mean_attention(), expected) < 1e-12);
}

}  // namespace adaptune
