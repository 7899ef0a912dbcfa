#pragma once

#include <torch/torch.h>

#include <optional>

#include "nn/site.h"

namespace adaptune {

// Wraps the function of a site. Owns only the parameters it adds, float32 unless cast as a whole.
class Adapter : public torch::nn::Module {
 public:
  // x and the result have the shapes of the site: [N, in] -> [N, out].
  virtual torch::Tensor forward(const torch::Tensor& x, TensorFn base, const SiteContext& context) = 0;
  // Whether the result at a token depends on that token alone, apart from what `base` does: then the tokens
  // that nothing reads may be left out.
  virtual bool is_token_wise() const { return true; }
  // What the linear map or convolution `weight` under the site and this adapter are together, in evaluation:
  // again such a map; empty where they are none. Computed in the type of `weight`.
  struct Merged {
    torch::Tensor weight;
    torch::Tensor shift;  // [out], added to all outputs; undefined: nothing
  };
  virtual std::optional<Merged> merged(const torch::Tensor& /*weight*/) const { return std::nullopt; }
  // Whether it reads padded positions, so that all sequences must be padded to one length.
  virtual bool needs_padding() const { return false; }
};

}  // namespace adaptune
