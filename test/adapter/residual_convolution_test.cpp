#include "adapter/residual_convolution.h"

#include "adapter/gradient_check.h"
#include "nn/convolution.h"

#include "catch.h"

namespace adaptune {
namespace {

using torch::Tensor;

// A 3x3 convolution of 2 to 3 channels.
struct ConvolutionSite {
  explicit ConvolutionSite(int64_t stride = 1)
      : convolution{at::randn({3, 2, 3, 3}, torch::kFloat64), {}, stride, 1} {
    info.kind = SiteKind::kConv;
    info.in = 2;
    info.out = 3;
    info.kernel = 3;
    info.stride = stride;
    info.padding = 1;
    info.weight = &convolution.weight;
  }
  ConvolutionSite(const ConvolutionSite&) = delete;
  Tensor run(Adapter& adapter, const Convolution& below) const {
    return adapter.forward(x, [&](const Tensor& v) { return below(v); }, {tokens});
  }
  Tensor run(Adapter& adapter) const { return run(adapter, convolution); }

  Tensor x = at::randn({4, 2, 5, 7}, torch::kFloat64);
  Convolution convolution;
  SiteInfo info;
  Tokens tokens;
};

std::shared_ptr<ResidualConvolution> adapter_of(const ConvolutionSite& site, bool is_parallel,
                                                const std::string& init = "zero", int64_t rank = 0) {
  ResidualConvolutionOptions options;
  options.r = rank;
  options.is_parallel = is_parallel;
  options.init_weights = init;
  auto adapter = std::make_shared<ResidualConvolution>(options, site.info);
  adapter->to(torch::kFloat64);
  adapter->eval();
  return adapter;
}

void randomise(ResidualConvolution& adapter) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : adapter.parameters()) parameter.normal_();
  for (auto& item : adapter.named_buffers()) item.value().uniform_(0.5, 2);
}

}  // namespace

TEST_CASE("a residual adapter that starts at zero changes nothing", "[adapter]") {
  torch::manual_seed(1);
  for (const int64_t stride : {1, 2}) {
    const ConvolutionSite site(stride);
    for (const bool is_parallel : {true, false}) {
      for (const int64_t rank : {0, 1, 9}) {
        CHECK(at::equal(site.run(*adapter_of(site, is_parallel, "zero", rank)), site.convolution(site.x)));
        CHECK_FALSE(
            at::allclose(site.run(*adapter_of(site, is_parallel, "he", rank)), site.convolution(site.x)));
      }
    }
  }
}

TEST_CASE("a residual adapter and its convolution are one convolution", "[adapter]") {
  torch::manual_seed(2);
  for (const int64_t stride : {1, 2}) {
    const ConvolutionSite site(stride);
    for (const bool is_parallel : {true, false}) {
      for (const int64_t rank : {0, 1}) {
        const auto adapter = adapter_of(site, is_parallel, "zero", rank);
        randomise(*adapter);
        const auto merged = adapter->merged(site.convolution.weight);
        REQUIRE(merged.has_value());
        const Convolution one{merged->weight, merged->shift, stride, 1};
        CHECK(at::allclose(one(site.x), site.run(*adapter), 1e-12, 1e-12));
      }
    }
  }
}

TEST_CASE("a parallel residual adapter adds a 1x1 convolution, and its gradient for what is below",
          "[adapter]") {
  torch::manual_seed(5);
  for (const int64_t stride : {1, 2}) {
    const ConvolutionSite site(stride);
    for (const int64_t rank : {0, 2}) {
      const auto adapter = adapter_of(site, true, "zero", rank);
      randomise(*adapter);
      const auto own = adapter->named_parameters();
      const Tensor matrix =
          rank == 0 ? own["alpha"] : at::conv2d(own["down"].transpose(0, 1), own["up"]).transpose(0, 1);
      const auto apart = [&](const Tensor& x) {
        return site.convolution(x) + pointwise_convolution(x, matrix, stride);
      };
      const Tensor x = site.x.clone().requires_grad_();
      const Tensor y =
          adapter->forward(x, [&](const Tensor& v) { return site.convolution(v); }, {site.tokens});
      CHECK(at::allclose(y, apart(x), 1e-12, 1e-12));
      std::vector<Tensor> inputs = adapter->parameters();
      inputs.push_back(x);
      const auto found = torch::autograd::grad({y.square().sum()}, inputs);
      const auto expected = torch::autograd::grad({apart(x).square().sum()}, inputs);
      for (size_t i = 0; i < inputs.size(); ++i) CHECK(at::allclose(found[i], expected[i], 1e-10, 1e-10));
    }
  }
}

TEST_CASE("gradients of residual adapters are those of finite differences", "[adapter]") {
  torch::manual_seed(3);
  const ConvolutionSite site(2);
  for (const bool is_parallel : {true, false}) {
    for (const int64_t rank : {0, 2}) {
      const auto adapter = adapter_of(site, is_parallel, "zero", rank);
      randomise(*adapter);
      const auto weight = at::randn({4, 3, 3, 4}, torch::kFloat64);
      CHECK(largest_gradient_error(adapter->parameters(),
                                   [&] { return (site.run(*adapter) * weight).sum(); }) < 1e-8);
    }
  }
}

TEST_CASE("in training the series form reads the batch, and its statistics follow", "[adapter]") {
  torch::manual_seed(4);
  const ConvolutionSite site;
  const auto adapter = adapter_of(site, false, "he");
  const auto before = adapter->named_buffers()["norm_mean"].clone();
  adapter->train();
  site.run(*adapter);
  const auto c = site.convolution(site.x);
  CHECK(at::allclose(adapter->named_buffers()["norm_mean"], before * 0.9 + c.mean({0, 2, 3}) * 0.1));
  const auto after = adapter->named_buffers()["norm_mean"].clone();
  adapter->eval();
  site.run(*adapter);
  CHECK(at::equal(adapter->named_buffers()["norm_mean"], after));
}

}  // namespace adaptune
