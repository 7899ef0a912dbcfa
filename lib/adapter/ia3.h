#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "nn/adapter.h"

namespace adaptune {

// IA3, Liu et al. 2022: learned vectors that scale activations, one a site, started at one.
// AdapterHub scales the outputs of key, value and the feed-forward's first linear (before the
// non-linearity); PEFT scales key, value, and the input of the `feedforward_places`.
struct Ia3Options {
  double alpha = 1;
  std::vector<std::string> attn_matrices = {"k", "v"};  // of q, k, v
  bool selfattn_lora = true;                            // whether attn_matrices count
  bool intermediate_lora = true;  // AdapterHub's name of the switch for ffn.intermediate
  bool output_lora = false;
  // Full site names, or paths of single sites ("encoder/3/ffn/output"); wins over the four above.
  std::vector<std::string> places;
  std::vector<std::string> feedforward_places;  // of those, the ones whose input is scaled
};

// y = base(x) * alpha l, or y = base(x * alpha l)
class Ia3 final : public Adapter {
 public:
  Ia3(double alpha, int64_t width, bool scales_input);
  torch::Tensor forward(const torch::Tensor& x, TensorFn base, const SiteContext& context) override;

 private:
  double alpha_;
  bool scales_input_;
  torch::Tensor scaling_;  // [out], or [in] when the input is scaled
};

}  // namespace adaptune
