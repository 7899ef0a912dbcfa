#include "adapter/gradient_check.h"
#include "adapter/ia3.h"
#include "adapter/lora.h"
#include "catch.h"

namespace adaptune {
namespace {

constexpr int64_t kIn = 6, kOut = 5;

// A linear site: base(x) = x W^T + b.
struct LinearSite {
  torch::Tensor x = torch::randn({6, kIn}, torch::kFloat64);
  torch::Tensor weight = torch::randn({kOut, kIn}, torch::kFloat64);
  torch::Tensor bias = torch::randn({kOut}, torch::kFloat64);
  Tokens tokens;

  torch::Tensor base(const torch::Tensor& v) const { return at::linear(v, weight, bias); }
  torch::Tensor run(Adapter& adapter) const {
    const auto linear = [this](const torch::Tensor& v) { return base(v); };
    return adapter.forward(x, linear, {tokens});
  }
};

void randomise(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : module.parameters()) parameter.normal_();
}

}  // namespace

TEST_CASE("LoRA adds alpha/r B A x", "[adapter]") {
  torch::manual_seed(1);
  const LinearSite site;
  LoraOptions options;
  options.r = 2;
  options.alpha = 6;
  Lora lora(options, kIn, kOut);
  lora.to(torch::kFloat64);
  CHECK(at::equal(site.run(lora), site.base(site.x)));  // B starts at zero
  randomise(lora);
  const auto p = lora.named_parameters();
  const auto folded = site.weight + 3 * at::mm(p["lora_B"], p["lora_A"]);
  CHECK(at::allclose(site.run(lora), at::linear(site.x, folded, site.bias), 1e-12, 1e-12));
}

TEST_CASE("IA3 scales a linear's output, or its input", "[adapter]") {
  torch::manual_seed(2);
  const LinearSite site;
  for (const bool input : {false, true}) {
    Ia3 ia3(2, input ? kIn : kOut, input);
    ia3.to(torch::kFloat64);
    randomise(ia3);
    const auto l = 2 * ia3.named_parameters()["scaling"];
    const auto folded = input ? at::linear(site.x, site.weight * l, site.bias)
                              : at::linear(site.x, site.weight * l.unsqueeze(-1), site.bias * l);
    CHECK(at::allclose(site.run(ia3), folded, 1e-12, 1e-12));
  }
  Ia3 fresh(1, kOut, false);
  fresh.to(torch::kFloat64);
  CHECK(at::equal(site.run(fresh), site.base(site.x)));
}

TEST_CASE("gradients of LoRA and IA3 agree with finite differences", "[adapter]") {
  torch::manual_seed(3);
  const LinearSite site;
  const auto weight = torch::randn({6, kOut}, torch::kFloat64);
  const auto check = [&](std::shared_ptr<Adapter> adapter) {
    adapter->to(torch::kFloat64);
    randomise(*adapter);
    const auto loss = [&] { return (site.run(*adapter).square() * weight).sum(); };
    CHECK(largest_gradient_error(adapter->parameters(), loss) < 1e-6);
  };
  LoraOptions options;
  options.r = 2;
  check(std::make_shared<Lora>(options, kIn, kOut));
  check(std::make_shared<Ia3>(1.5, kOut, false));
  check(std::make_shared<Ia3>(1.5, kIn, true));
}

}  // namespace adaptune
