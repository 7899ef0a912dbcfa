#include "io/tensor_copy.h"

#include <torch/torch.h>

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

}  // namespace adaptune
