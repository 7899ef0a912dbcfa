#include "adapter/lora.h"

#include "adapter/initialisation.h"
#include "nn/dropout.h"

namespace adaptune {

using torch::Tensor;

Lora::Lora(const LoraOptions& options, int64_t in, int64_t out)
    : scale_(options.alpha / static_cast<double>(options.r)), dropout_(options.dropout) {
  a_ = register_parameter("lora_A", torch::empty({options.r, in}));
  b_ = register_parameter("lora_B", torch::zeros({out, options.r}));
  const torch::NoGradGuard no_grad;
  if (options.init_weights == "bert") {
    a_.normal_(0, 0.02);
    b_.normal_(0, 0.02);
  } else {
    kaiming_uniform(a_);
  }
}

Tensor Lora::forward(const Tensor& x, TensorFn base, const SiteContext&) {
  const Tensor input = is_training() && dropout_ > 0 ? adaptune::dropout(x, dropout_) : x;
  const Tensor inner = at::linear(input, a_);  // [.., r]
  return base(x) + at::linear(scale_ == 1 ? inner : inner * scale_, b_);
}

}  // namespace adaptune
