#include "interop/named_parameter.h"

#include <torch/torch.h>

#include <map>
#include <sstream>

#include "core/error.h"

namespace adaptune {
namespace {

using torch::Tensor;

// One line for a tensor that does not fit; empty for one that does.
std::string misfit(const std::string& name, const Tensor& found, const std::vector<int64_t>& shape) {
  std::ostringstream line;
  if (found.sizes() != c10::IntArrayRef(shape)) {
    line << "\n     misshaped   " << name << ": " << c10::IntArrayRef(shape) << " expected, the file has "
         << found.sizes();
  } else if (!found.is_floating_point()) {
    line << "\n     wrong type  " << name << ": floating point expected, the file has " << found.dtype();
  }
  return line.str();
}

}  // namespace

void load_named_parameters(const std::vector<NamedParameter>& parameters, const TensorMap& tensors,
                           const std::string& where, const std::string& prefix, const std::string& hint) {
  std::ostringstream problems;
  std::map<std::string, const NamedParameter*> known;
  for (const auto& own : parameters) {
    known[own.key] = &own;
    if (!own.alias.empty()) known[own.alias] = &own;
    if (tensors.count(own.key)) continue;
    problems << "\n     missing     " << prefix << own.key << " " << c10::IntArrayRef(own.shape);
  }
  for (const auto& [name, tensor] : tensors) {
    const auto found = known.find(name);
    if (found == known.end()) {
      problems << "\n     unexpected  " << prefix << name << " " << tensor.sizes();
    } else {
      problems << misfit(prefix + name, tensor, found->second->shape);
    }
  }
  if (problems.str().empty()) {
    for (const auto& own : parameters) {
      const auto alias = tensors.find(own.alias);
      if (alias == tensors.end() || at::equal(alias->second, tensors.at(own.key))) continue;
      problems << "\n     ambiguous   " << prefix << own.alias << " differs from " << prefix << own.key
               << ", which is the same tensor";
    }
  }
  if (!problems.str().empty()) throw InputError(where + ": the tensors do not fit" + problems.str() + hint);
  const torch::NoGradGuard no_grad;
  for (const auto& own : parameters) {
    Tensor parameter = own.parameter;
    parameter.copy_(tensors.at(own.key).reshape(parameter.sizes()));
  }
}

TensorMap named_tensors(const std::vector<NamedParameter>& parameters, const std::string& prefix) {
  TensorMap tensors;
  for (const auto& own : parameters) {
    const Tensor tensor = own.parameter.detach().reshape(own.shape);
    tensors.emplace(prefix + own.key, tensor);
    if (!own.alias.empty()) tensors.emplace(prefix + own.alias, tensor);
  }
  return tensors;
}

TensorMap without_prefix(const TensorMap& tensors, const std::string& prefix) {
  TensorMap result;
  for (const auto& [name, tensor] : tensors) {
    const bool prefixed = name.rfind(prefix, 0) == 0;
    // A tensor that is there with and without the prefix keeps both names, and is then left over.
    const bool twice = prefixed && tensors.count(name.substr(prefix.size())) > 0;
    result.emplace(prefixed && !twice ? name.substr(prefix.size()) : name, tensor);
  }
  return result;
}

}  // namespace adaptune
