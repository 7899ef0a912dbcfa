#include "nn/linear.h"

#include <torch/torch.h>

#include <string>
#include <vector>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "core/file_pages.h"
#include "nn/copies.h"

namespace adaptune {
namespace {

using torch::Tensor;

// On processors that are not Intel's oneDNN's kernels are the faster ones: MKL keeps to narrower vectors
// where there is AVX-512, and packs the weight at every product where there is AVX2 alone.
bool processor_is_amd_with_avx2() {
#if defined(__x86_64__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(0, &eax, &ebx, &ecx, &edx) && ebx == 0x68747541 && edx == 0x69746e65 &&
         ecx == 0x444d4163 && __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

using ReorderSchema = Tensor(const Tensor&, std::optional<int64_t>);
using LinearSchema = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&, std::string_view,
                            c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);

Tensor packed(const Tensor& weight) {
  static const auto reorder = c10::Dispatcher::singleton()
                                  .findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                                  .typed<ReorderSchema>();
  return reorder.call(weight.contiguous(), std::nullopt);
}

Tensor packed_product(const Tensor& x, const Tensor& packed, const Tensor& bias) {
  static const auto linear =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<LinearSchema>();
  const auto optional_bias = bias.defined() ? std::optional<Tensor>(bias) : std::nullopt;
  return linear.call(x.contiguous(), packed, optional_bias, "none", c10::List<std::optional<at::Scalar>>(),
                     "");
}

Tensor rounded(const Tensor& x) { return x.to(torch::kBFloat16).to(x.scalar_type()); }

Tensor as_packed(const Tensor& weight, bool bfloat16) {
  if (!bfloat16) return weight;
  return multiplies_bfloat16() ? weight.to(torch::kBFloat16) : rounded(weight);
}

Tensor frozen_product(const Tensor& x, const Tensor& weight, const Tensor& bias, bool bfloat16) {
  if (!bfloat16) return packed_product(x, weight, bias);
  if (!multiplies_bfloat16()) return rounded(packed_product(rounded(x), weight, bias));
  const Tensor own_bias = bias.defined() ? bias.to(torch::kBFloat16) : bias;
  return packed_product(x.to(torch::kBFloat16), weight, own_bias).to(x.scalar_type());
}

// A frozen weight as it is packed, none of which takes part in autograd.
struct Operands {
  Tensor forward, backward, bias;  // the bias may be undefined
  bool bfloat16;
};

// Keeps nothing but the packed transpose for backward.
struct FrozenProduct : public torch::autograd::Function<FrozenProduct> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x,
                        const Operands& operands) {
    context->saved_data["transpose"] = operands.backward;
    context->saved_data["bfloat16"] = operands.bfloat16;
    return frozen_product(x, operands.forward, operands.bias, operands.bfloat16);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const Tensor transpose = context->saved_data["transpose"].toTensor();
    const bool bfloat16 = context->saved_data["bfloat16"].toBool();
    return {frozen_product(gradients[0], transpose, Tensor(), bfloat16), Tensor()};
  }
};

// Of a float32 weight that is learned: it is packed anew at every step, which costs far less than the kernels
// save. The weight's own gradient has no operand that would be used twice, and stays with the plain product.
struct LearnedProduct : public torch::autograd::Function<LearnedProduct> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const Tensor& bias) {
    context->save_for_backward({x, weight});
    return packed_product(x, packed(weight), bias);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], gradient = gradients[0].contiguous();
    const Tensor flat = gradient.view({-1, gradient.size(-1)});
    Tensor of_x, of_bias;
    if (context->needs_input_grad(0)) of_x = packed_product(gradient, packed(weight.t()), Tensor());
    if (context->needs_input_grad(2)) of_bias = flat.sum(0);
    return {of_x, flat.t().mm(x.reshape({-1, x.size(-1)})), of_bias};
  }
};

// Where nothing is packed.
Tensor plain_product(const Tensor& x, const Tensor& weight, const Tensor& bias, bool bfloat16) {
  if (!bfloat16) return at::linear(x, weight, bias);
  if (x.is_cpu()) return rounded(at::linear(rounded(x), rounded(weight), bias));
  const Tensor own_bias = bias.defined() ? bias.to(torch::kBFloat16) : bias;
  return at::linear(x.to(torch::kBFloat16), weight.to(torch::kBFloat16), own_bias).to(x.scalar_type());
}

}  // namespace

bool packs_frozen_weights() {
  static const bool packs = at::globalContext().hasMKLDNN() && processor_is_amd_with_avx2();
  return packs;
}

bool multiplies_bfloat16() {
#if defined(__x86_64__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kAvx512Bf16 = 1 << 5;
  static const bool has_it = __builtin_cpu_supports("avx512bw") &&
                             __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & kAvx512Bf16) != 0;
  return at::globalContext().hasMKLDNN() && has_it;
#else
  return false;
#endif
}

bool Linear::is_packed() const {
  return packed_.source.is_same(weight) && packed_.version == weight._version() &&
         packed_.bfloat16 == bfloat16;
}

void Linear::pack(bool for_backward) const {
  const torch::NoGradGuard no_grad;
  const bool fresh = !is_packed();
  if (fresh) packed_ = {weight, weight._version(), bfloat16, packed(as_packed(weight, bfloat16)), Tensor()};
  const bool transposes = for_backward && !packed_.backward.defined();
  if (transposes) packed_.backward = packed(as_packed(weight.t(), bfloat16));
  // What came from a file unchanged is not read again.
  if ((fresh || transposes) && packed_.version == 0)
    release_file_pages(weight.const_data_ptr(), weight.nbytes());
}

bool Linear::rounds() const {
  const bool trains = weight.requires_grad() || (bias.defined() && bias.requires_grad());
  const bool one_bias = !bias.defined() || bias.dim() == 1;
  return bfloat16 && !trains && one_bias && weight.scalar_type() == torch::kFloat32 &&
         (!weight.is_cpu() || multiplies_bfloat16());
}

Tensor Linear::operator()(const Tensor& x) const {
  if (bias.defined() && bias.dim() == 3) return add_copies(product(x, Tensor()), bias);
  const bool own_bias = bias.defined() && bias.requires_grad() && !weight.requires_grad();
  if (own_bias) return product(x, Tensor()) + bias;
  return product(x, bias);
}

Tensor Linear::product(const Tensor& x, const Tensor& bias) const {
  const bool learns = weight.requires_grad() && torch::GradMode::is_enabled();
  const bool known = x.scalar_type() == torch::kFloat32 || (bfloat16 && x.scalar_type() == torch::kBFloat16);
  const bool fits = known && weight.scalar_type() == torch::kFloat32;
  if (learns) {
    packed_ = {};  // its values are about to change
    const bool packs = packs_frozen_weights() && x.is_cpu() && fits && x.scalar_type() == torch::kFloat32;
    if (!packs) return at::linear(x, weight, bias);
    return LearnedProduct::apply(x, weight,
                                 bias.defined() ? bias : at::zeros({weight.size(0)}, weight.options()));
  }
  if (!fits) return at::linear(x, weight, bias);
  const bool packs = x.is_cpu() && (packs_frozen_weights() || (bfloat16 && multiplies_bfloat16()));
  if (!packs) return plain_product(x, weight, bias, bfloat16);
  const bool records = x.requires_grad() && torch::GradMode::is_enabled();
  pack(records);
  if (!records) return frozen_product(x, packed_.forward, bias, bfloat16);
  return FrozenProduct::apply(x, Operands{packed_.forward, packed_.backward, bias, bfloat16});
}

}  // namespace adaptune
