#include "io/tensor_copy.h"

#include <torch/torch.h>

#include <cmath>
#include <sstream>

#include "core/error.h"

namespace adaptune {

void copy_tensors(const TensorMap& from, const TensorMap& into, const std::string& where) {
  std::ostringstream problems;
  for (const auto& [name, own] : into) {
    const auto found = from.find(name);
    if (found == from.end()) {
      problems << "\n     missing     " << name << " " << own.sizes();
    } else if (found->second.sizes() != own.sizes()) {
      problems << "\n     misshaped   " << name << ": " << own.sizes() << " expected, the file has "
               << found->second.sizes();
    }
  }
  for (const auto& [name, tensor] : from) {
    if (!into.count(name)) problems << "\n     unexpected  " << name << " " << tensor.sizes();
  }
  if (!problems.str().empty()) throw InputError(where + ": the tensors do not fit" + problems.str());
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : from) into.at(name).copy_(tensor);
}

// A sum is not finite where a term is not: one pass for all but the rarest tensors, whose sum overflows.
bool all_finite(const torch::Tensor& tensor) {
  if (!tensor.is_floating_point()) return true;
  return std::isfinite(tensor.sum().item<double>()) || at::isfinite(tensor).all().item<bool>();
}

}  // namespace adaptune
