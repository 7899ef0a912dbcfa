#include "head/dependency_head.h"

#include <utility>

#include "nn/attention.h"

namespace adaptune {
namespace {

constexpr double kEpsilon = 1e-5;

}  // namespace

DependencyHead::DependencyHead(const HeadSpec& spec, const BackboneInfo& info,
                               std::unique_ptr<Objective> objective)
    : Head(spec, info, std::move(objective)),
      attention_dropout_(info.attention_dropout),
      query_(add_linear("attention_query", info.hidden_size, info.hidden_size)),
      key_(add_linear("attention_key", info.hidden_size, info.hidden_size)),
      value_(add_linear("attention_value", info.hidden_size, info.hidden_size)),
      attention_output_(add_linear("attention_output", info.hidden_size, info.hidden_size)),
      dense_(add_linear("dense", info.hidden_size, info.hidden_size)),
      out_(add_linear("out", info.hidden_size, spec.outputs())),
      norm_(register_module(
          "attention_norm",
          torch::nn::LayerNorm(torch::nn::LayerNormOptions({info.hidden_size}).eps(kEpsilon)))) {}

torch::Tensor DependencyHead::forward(const Features& features, const Batch& batch) {
  const auto& x = features.last;  // [N, D]
  const auto mixed = multi_head_attention(query_(x), key_(x), value_(x), 1, {batch.tokens, batch.tokens},
                                          is_training() ? attention_dropout_ : 0);
  const auto joined = norm_(x + dropped(attention_output_(mixed)));
  return out_(dropped(dense_(joined))).to(torch::kFloat32);
}

}  // namespace adaptune
