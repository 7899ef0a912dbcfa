#include "adapter/ia3.h"

namespace adaptune {

using torch::Tensor;

Ia3::Ia3(double alpha, int64_t width, bool scales_input) : alpha_(alpha), scales_input_(scales_input) {
  scaling_ = register_parameter("scaling", torch::ones({width}));
}

Tensor Ia3::forward(const Tensor& x, TensorFn base, const SiteContext&) {
  const Tensor scale = alpha_ == 1 ? scaling_ : scaling_ * alpha_;
  return scales_input_ ? base(x * scale) : base(x) * scale;
}

}  // namespace adaptune
