#pragma once

#include <torch/types.h>

namespace adaptune {

// y = x W^T + b with a weight that is frozen, or that trains. Where it is not learned from (it is frozen, or
// no gradients are recorded) it is packed once for the machine's matrix kernels, until its values change;
// backward is the input gradient alone, so no activation is kept for it.
// A weight that is learned is packed at every step.
struct Linear {
  torch::Tensor weight;   // [out, in]
  torch::Tensor bias;     // [out]; undefined: none; [C, 1, out]: those of several tasks (nn/copies.h)
  bool bfloat16 = false;  // the product with a frozen weight; of float32 values, it gives such again

  torch::Tensor operator()(const torch::Tensor& x) const;  // [..., in] -> [..., out], of x's type
  // Whether it computes in bfloat16 all through, so that x may as well be of that type.
  bool rounds() const;

 private:
  struct Packed {
    torch::Tensor source;  // the weight it was made from; held, so that no other takes its place
    int64_t version = 0;   // of that weight's values
    bool bfloat16 = false;
    torch::Tensor forward, backward;  // for x W^T and for g W
  };
  bool is_packed() const;
  void pack(bool for_backward) const;
  torch::Tensor product(const torch::Tensor& x, const torch::Tensor& bias) const;

  mutable Packed packed_;
};

// Which kernels float32 linears use here: a fixed rule over vendor and instruction set, never a
// timing, so that a resumed run computes the same bits.
bool packs_frozen_weights();
// Whether this processor multiplies bfloat16 numbers (AVX512_BF16). Elsewhere values are rounded to them, and
// multiplied in float32: the same results to float32's precision, without the speed.
bool multiplies_bfloat16();

}  // namespace adaptune
