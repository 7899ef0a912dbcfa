#include "nn/convolution.h"

#include <torch/torch.h>

#include <array>

namespace adaptune {

namespace {

// oneDNN's weight gradient of 1x1 kernels with a stride writes beyond its memory for some numbers of
// channels (LibTorch 2.13): the pixels are picked first.
torch::Tensor every(const torch::Tensor& x, int64_t stride) {
  return stride == 1 ? x : x.slice(2, 0, std::nullopt, stride).slice(3, 0, std::nullopt, stride);
}

using torch::Tensor;

Tensor with_centre(const Tensor& kernel, const Tensor& centre) {
  Tensor sum = kernel.clone();
  sum.slice(2, kernel.size(2) / 2, kernel.size(2) / 2 + 1)
      .slice(3, kernel.size(3) / 2, kernel.size(3) / 2 + 1) += centre;
  return sum;
}

// The centre's gradient is that of a 1x1 convolution, a ninth of the whole kernel's.
struct CentredConvolution : public torch::autograd::Function<CentredConvolution> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Convolution& frozen,
                        const Tensor& centre) {
    const Tensor kernel = with_centre(frozen.weight, centre);
    context->save_for_backward({x, kernel, centre});
    context->saved_data["stride"] = frozen.stride;
    context->saved_data["padding"] = frozen.padding;
    return at::conv2d(x, kernel, frozen.bias, frozen.stride, frozen.padding);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &kernel = saved[1], &centre = saved[2];
    const int64_t stride = context->saved_data["stride"].toInt(),
                  padding = context->saved_data["padding"].toInt();
    const auto of = [&](const Tensor& input, const Tensor& weight, int64_t s, int64_t p,
                        std::array<bool, 3> wanted) {
      return at::convolution_backward(gradients[0], input, weight, std::nullopt, {s, s}, {p, p}, {1, 1},
                                      false, {0, 0}, 1, wanted);
    };
    Tensor of_x, of_centre;
    if (context->needs_input_grad(0))
      of_x = std::get<0>(of(x, kernel, stride, padding, {true, false, false}));
    if (context->needs_input_grad(1))
      of_centre = std::get<1>(of(every(x, stride), centre, 1, 0, {false, true, false}));
    return {of_x, Tensor(), of_centre};
  }
};

}  // namespace

torch::Tensor Convolution::operator()(const torch::Tensor& x) const {
  if (weight.size(2) == 1 && stride > 1) return at::conv2d(every(x, stride), weight, bias);
  return at::conv2d(x, weight, bias, stride, padding);
}

torch::Tensor centred_convolution(const torch::Tensor& x, const Convolution& frozen,
                                  const torch::Tensor& centre) {
  TORCH_CHECK(!frozen.weight.requires_grad(), "the kernel beside the centre trains");
  TORCH_CHECK(frozen.weight.size(2) == 2 * frozen.padding + 1,
              "the centre reads another pixel than the kernel's middle");
  return CentredConvolution::apply(x, frozen, centre);
}

torch::Tensor pointwise_convolution(const torch::Tensor& x, const torch::Tensor& kernel, int64_t stride) {
  return at::conv2d(every(x, stride), kernel);
}

}  // namespace adaptune
