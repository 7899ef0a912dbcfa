#include "head/cloze_head.h"

#include <utility>

namespace adaptune {
namespace {

constexpr double kEpsilon = 1e-5;

torch::nn::LayerNormOptions norm_options(int64_t width) {
  torch::nn::LayerNormOptions options({width});
  return options.eps(kEpsilon);
}

}  // namespace

ClozeHead::ClozeHead(const HeadSpec& spec, const BackboneInfo& info, std::unique_ptr<Objective> objective)
    : Head(spec, info, std::move(objective)),
      dense_(add_linear("dense", info.hidden_size, info.hidden_size)),
      norm_(register_module("norm", torch::nn::LayerNorm(norm_options(info.hidden_size)))),
      bias_(register_parameter("bias", torch::zeros({info.vocabulary}))) {}

torch::Tensor ClozeHead::forward(const Features& features, const Batch& /*batch*/) {
  const auto x = norm_(at::gelu(dense_(dropped(features.marked))));  // [B, D]
  return at::linear(x, features.words, bias_).to(torch::kFloat32);
}

}  // namespace adaptune
