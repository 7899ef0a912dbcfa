#include "adapter/residual_convolution.h"

#include <algorithm>
#include <cmath>

#include "nn/convolution.h"

namespace adaptune {

using torch::Tensor;

namespace {

// As the released code draws every convolution (He et al. 2015, fan-out).
void draw_he(const Tensor& kernel) {
  const torch::NoGradGuard no_grad;
  kernel.normal_(0, std::sqrt(2.0 / static_cast<double>(kernel.size(0))));
}

}  // namespace

ResidualConvolution::ResidualConvolution(const ResidualConvolutionOptions& options, const SiteInfo& site)
    : is_parallel_(options.is_parallel),
      dropout_(options.dropout),
      base_kernel_(site.weight),
      stride_(site.stride),
      padding_(site.padding) {
  const int64_t in = is_parallel_ ? site.in : site.out, rank = std::min({options.r, in, site.out});
  const bool is_he = options.init_weights == "he";
  if (rank == 0) {
    alpha_ = register_parameter("alpha", torch::zeros({site.out, in, 1, 1}));
    if (is_he) draw_he(alpha_);
  } else {
    down_ = register_parameter("down", torch::zeros({rank, in, 1, 1}));
    up_ = register_parameter("up", torch::zeros({site.out, rank, 1, 1}));
    draw_he(down_);
    if (is_he) draw_he(up_);
  }
  if (is_parallel_) return;
  norm_.weight = register_parameter("norm_weight", torch::ones({site.out}));
  norm_.bias = register_parameter("norm_bias", torch::zeros({site.out}));
  norm_.running_mean = register_buffer("norm_mean", torch::zeros({site.out}));
  norm_.running_var = register_buffer("norm_var", torch::ones({site.out}));
}

Tensor ResidualConvolution::kernel(torch::Dtype type) const {
  if (alpha_.defined()) return alpha_.to(type);
  return up_.to(type).flatten(1).matmul(down_.to(type).flatten(1)).unsqueeze(-1).unsqueeze(-1);
}

Tensor ResidualConvolution::branch(const Tensor& x, int64_t stride) const {
  return alpha_.defined() ? pointwise_convolution(x, alpha_, stride)
                          : pointwise_convolution(pointwise_convolution(x, down_, stride), up_);
}

Tensor ResidualConvolution::forward(const Tensor& x, TensorFn base, const SiteContext&) {
  if (is_parallel_) {
    const bool drops = is_training() && dropout_ > 0;
    if (drops) return base(x) + branch(at::feature_dropout(x, dropout_, true), stride_);
    return centred_convolution(x, {*base_kernel_, {}, stride_, padding_}, kernel(x.scalar_type()));
  }
  norm_.training = is_training();
  const Tensor c = base(x);
  return c + branch(norm_(c), 1);
}

// Beside a 3x3 kernel of the same stride the 1x1 kernel reads its centre. Behind it, with the batch norm as
// c -> g c + h, the sum c + A (g c + h) is (I + A g) c + A h.
std::optional<Adapter::Merged> ResidualConvolution::merged(const Tensor& weight) const {
  const Tensor alpha = kernel(weight.scalar_type()).detach().flatten(1);
  if (is_parallel_) {
    Tensor sum = weight.clone();
    sum.select(3, sum.size(3) / 2).select(2, sum.size(2) / 2) += alpha;
    return Merged{sum, {}};
  }
  const auto exact = [&](const Tensor& value) { return value.detach().to(weight.scalar_type()); };
  const Tensor scale = exact(norm_.weight) / (exact(norm_.running_var) + norm_.epsilon).sqrt();
  const Tensor shift = exact(norm_.bias) - exact(norm_.running_mean) * scale;
  const Tensor map = at::eye(alpha.size(0), weight.options()) + alpha * scale;
  return Merged{map.matmul(weight.flatten(1)).view_as(weight), alpha.matmul(shift)};
}

}  // namespace adaptune
