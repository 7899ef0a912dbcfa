#include "adapter/residual_adapter.h"

#include "nn/copies.h"

namespace adaptune {

using torch::Tensor;

Insertion::Read Insertion::read(const Tensor& h, TensorFn base, const SiteContext& context) const {
  TORCH_CHECK(context.stream, "this adapter sits at a residual site, which passes the stream");
  if (is_parallel) return {*context.stream, *context.stream};
  const Tensor z = original_ln_before ? base(h) : h;
  if (residual == Residual::kSum) return {z, add_copies(h, *context.stream)};
  return {z, residual == Residual::kInput ? h : z};
}

Tensor Insertion::write(const Tensor& o, const Tensor& h, TensorFn base) const {
  const Tensor sum = is_parallel ? o + h : o;
  return original_ln_after ? base(sum) : sum;
}

}  // namespace adaptune
