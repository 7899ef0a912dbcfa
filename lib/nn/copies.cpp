#include "nn/copies.h"

#include <torch/torch.h>

#include <algorithm>

namespace adaptune {

using torch::Tensor;

int64_t copies(const Tensor& value) { return value.dim() == 3 ? value.size(0) : 1; }

Tensor with_copies(const Tensor& value, int64_t count) {
  const int64_t own = copies(value);
  if (own == 1 || own == count) return value;
  TORCH_CHECK(own < count, "a value of ", own, " copies where ", count, " are computed");
  const Tensor rest = value.narrow(0, own - 1, 1).expand({count - own + 1, -1, -1});
  return at::cat({value.narrow(0, 0, own - 1), rest});
}

Tensor copy_of(const Tensor& value, int64_t c) {
  return value.dim() == 3 ? value[std::min(c, value.size(0) - 1)] : value;
}

Tensor add_copies(const Tensor& a, const Tensor& b) {
  const int64_t count = std::max(copies(a), copies(b));
  return with_copies(a, count) + with_copies(b, count);
}

}  // namespace adaptune
