#pragma once
// A residual site of a post-norm layer with random values, for adapters that are tested without a backbone.

#include <torch/torch.h>

#include "nn/adapter.h"
#include "nn/tokens.h"

namespace adaptune {

class ResidualSite {
 public:
  // B sequences of T tokens, D wide; `type` of every value.
  ResidualSite(int64_t rows, int64_t length, int64_t hidden, torch::ScalarType type)
      : output(torch::randn({rows * length, hidden}, type)),
        stream(torch::randn({rows * length, hidden}, type)),
        weight_(1 + 0.1 * torch::randn({hidden}, type)),
        bias_(0.1 * torch::randn({hidden}, type)),
        tokens_(padded_tokens(std::vector<int64_t>(rows, length), torch::kCPU)) {}

  // norm(h + x)
  torch::Tensor base(const torch::Tensor& h) const {
    return at::layer_norm(h + stream, {h.size(-1)}, weight_, bias_, 1e-12);
  }
  const Tokens& tokens() const { return tokens_; }
  torch::Tensor run(Adapter& adapter) const {
    const auto join = [this](const torch::Tensor& h) { return base(h); };
    return adapter.forward(output, join, {tokens_, &stream});
  }

  torch::Tensor output, stream;  // h and x [N, D]

 private:
  torch::Tensor weight_, bias_;
  Tokens tokens_;
};

}  // namespace adaptune
