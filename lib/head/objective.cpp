#include "head/objective.h"

#include <torch/torch.h>

namespace adaptune {

torch::Tensor Objective::labelled_rows(const Batch& batch) const {
  return at::arange(batch.size(), torch::kInt64);
}

torch::Tensor not_negative(const torch::Tensor& values) { return values.ge(0).nonzero().flatten(); }

}  // namespace adaptune
