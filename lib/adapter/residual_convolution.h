#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "nn/adapter.h"
#include "nn/batch_norm.h"

namespace adaptune {

// Residual adapters at the 3x3 convolutions of an image network (Rebuffi et al. 2017, 2018).
struct ResidualConvolutionOptions {
  bool is_parallel = true;            // beside the convolution (2018), else behind it (2017)
  double dropout = 0;                 // of whole channels of what the adapter reads; parallel only
  std::string init_weights = "zero";  // zero: the network starts as it is | he: as the released code draws it
  int64_t r = 0;                      // rank of A, at most what its shape allows; 0: any, A is one matrix
  std::vector<std::string> places;    // paths of single sites ("encoder/0/block1/conv2"); empty: every 3x3
};

// parallel: y = base(x) + A x, A a 1x1 convolution of base's stride. Without dropout it is computed as base
//           with A in the middle of its kernel.
// series:   y = c + A BN(c) with c = base(x), and a batch norm of its own.
// With a rank, A = up down, and up starts at zero (model/low_rank.h makes such adapters of trained ones).
class ResidualConvolution final : public Adapter {
 public:
  ResidualConvolution(const ResidualConvolutionOptions& options, const SiteInfo& site);
  torch::Tensor forward(const torch::Tensor& x, TensorFn base, const SiteContext& context) override;
  std::optional<Merged> merged(const torch::Tensor& weight) const override;
  // Its neighbours are other pixels, not tokens.
  bool is_token_wise() const override { return false; }

 private:
  torch::Tensor kernel(torch::Dtype type) const;  // A [out, in, 1, 1], computed in `type`
  torch::Tensor branch(const torch::Tensor& x, int64_t stride) const;

  bool is_parallel_;
  double dropout_;
  const torch::Tensor* base_kernel_;  // the backbone's
  int64_t stride_, padding_;
  torch::Tensor alpha_;      // A [out, in, 1, 1]; or, with a rank,
  torch::Tensor down_, up_;  // [r, in, 1, 1], [out, r, 1, 1]
  BatchNorm norm_;           // series
};

}  // namespace adaptune
