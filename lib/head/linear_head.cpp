#include "head/linear_head.h"

#include <string>
#include <utility>

#include "nn/activation.h"

namespace adaptune {

int64_t head_module_number(const HeadSpec& spec, int64_t layer) {
  return 1 + layer * (spec.activation_function ? 3 : 2);
}

LinearHead::LinearHead(const HeadSpec& spec, const BackboneInfo& info, std::unique_ptr<Objective> objective,
                       bool on_every_token)
    : Head(spec, info, std::move(objective)), on_every_token_(on_every_token) {
  for (int64_t i = 0; i < spec.layers; ++i) {
    const bool last = i + 1 == spec.layers;
    linears_.push_back(add_linear(std::to_string(head_module_number(spec, i)), info.hidden_size,
                                  last ? spec.outputs() : info.hidden_size, !last || spec.bias));
  }
}

torch::Tensor LinearHead::forward(const Features& features, const Batch& /*batch*/) {
  torch::Tensor x = on_every_token_ ? features.last : spec().use_pooler ? features.pooled : features.first;
  for (size_t i = 0; i < linears_.size(); ++i) {
    x = linears_[i](dropped(x));
    if (i + 1 < linears_.size() && spec().activation_function)
      x = activation_by_name(*spec().activation_function)(x);
  }
  return x.to(torch::kFloat32);
}

}  // namespace adaptune
