#pragma once

#include "nn/adapter.h"

namespace adaptune {

// How an adapter reads from and writes to its residual site.
struct Insertion {
  bool original_ln_before, original_ln_after, is_parallel;
  enum class Residual { kInput, kNormed, kSum } residual;
  bool operator==(const Insertion&) const = default;

  struct Read {
    torch::Tensor z;  // the adapter's input [N, D]
    torch::Tensor r;  // its own residual [N, D]
  };
  Read read(const torch::Tensor& h, TensorFn base, const SiteContext& context) const;
  torch::Tensor write(const torch::Tensor& o, const torch::Tensor& h, TensorFn base) const;
};

// An adapter of a residual site: reads, computes what it adds, writes. The middle part knows nothing of the
// site, so that those of several tasks can run side by side.
class ResidualAdapter : public Adapter {
 public:
  virtual const Insertion& insertion() const = 0;
  // What is written, from what was read and the sublayer's output h. [N, D]
  virtual torch::Tensor change(const Insertion::Read& read, const torch::Tensor& h, const Tokens& tokens) = 0;

  torch::Tensor forward(const torch::Tensor& h, TensorFn base, const SiteContext& context) final {
    return insertion().write(change(insertion().read(h, base, context), h, context.tokens), h, base);
  }
};

}  // namespace adaptune
