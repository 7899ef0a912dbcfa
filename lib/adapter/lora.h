#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nn/adapter.h"

namespace adaptune {

// LoRA, Hu et al. 2022, at linear sites. Names are AdapterHub's; PEFT: lora_alpha = alpha,
// target_modules = places.
struct LoraOptions {
  int64_t r = 8;
  double alpha = 8;
  double dropout = 0;
  std::vector<std::string> attn_matrices = {"q", "v"};  // of q, k, v
  bool selfattn_lora = true;                            // whether attn_matrices count
  bool intermediate_lora = false;
  bool output_lora = false;
  // Full site names, or paths of single sites ("encoder/3/ffn/output"); wins over the four above.
  std::vector<std::string> places;
  std::string init_weights = "lora";  // lora (A Kaiming-uniform, B zero) | bert
};

// y = base(x) + alpha/r B A dropout(x)
class Lora final : public Adapter {
 public:
  Lora(const LoraOptions& options, int64_t in, int64_t out);
  torch::Tensor forward(const torch::Tensor& x, TensorFn base, const SiteContext& context) override;

 private:
  double scale_, dropout_;
  torch::Tensor a_, b_;  // [r, in], [out, r]
};

}  // namespace adaptune
