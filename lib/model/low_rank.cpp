#include "model/low_rank.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/error.h"

namespace adaptune {
namespace {

using torch::Tensor;

const std::string kSuffix = ".alpha";

bool is_alpha(const std::string& name) {
  return name.size() > kSuffix.size() &&
         name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

Tensor matrix(const Tensor& alpha) { return alpha.to(torch::kFloat64).flatten(1); }

// [out, r]: the left singular vectors of the largest singular values.
Tensor basis_of(const Tensor& matrix, int64_t rank) {
  return std::get<0>(at::linalg_svd(matrix, /*full_matrices=*/false)).narrow(1, 0, rank);
}

Tensor kernel(const Tensor& matrix, const Tensor& like) {
  return matrix.to(like.scalar_type()).unsqueeze(-1).unsqueeze(-1).contiguous();
}

struct Norms {
  double kept = 0, whole = 0;  // squared
};

// basis basis^T is the projection onto the basis, so basis^T alpha is the best other factor.
Norms replace(TensorMap& tensors, const std::string& name, const Tensor& basis) {
  const Tensor alpha = tensors.at(name);
  const Tensor down = basis.t().matmul(matrix(alpha));
  const std::string site = name.substr(0, name.size() - kSuffix.size());
  tensors.erase(name);
  tensors[site + ".up"] = kernel(basis, alpha);
  tensors[site + ".down"] = kernel(down, alpha);
  return {down.square().sum().item<double>(), matrix(alpha).square().sum().item<double>()};
}

// The same alpha of all tasks, side by side.
Tensor joined(const std::vector<TensorMap>& tasks, const std::string& name) {
  std::vector<Tensor> matrices;
  for (const auto& tensors : tasks) {
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.sizes() != tasks.front().at(name).sizes())
      throw InputError("one basis for all tasks needs the same adapters in all: '" + name +
                       "' is not in all of them");
    matrices.push_back(matrix(found->second));
  }
  return at::cat(matrices, 1);
}

}  // namespace

LowRank low_rank(const std::vector<TensorMap>& tasks, int64_t rank, bool is_joint) {
  LowRank result{tasks, {}};
  for (size_t i = 0; i < tasks.size(); ++i) {
    Norms sum;
    for (const auto& [name, alpha] : tasks[i]) {
      if (!is_alpha(name)) continue;
      const int64_t own_rank = std::min({rank, alpha.size(0), alpha.size(1)});
      const Tensor basis = basis_of(is_joint ? joined(tasks, name) : matrix(alpha), own_rank);
      const Norms norms = replace(result.tensors[i], name, basis);
      sum.kept += norms.kept;
      sum.whole += norms.whole;
    }
    result.kept.push_back(sum.whole > 0 ? sum.kept / sum.whole : 1);
  }
  return result;
}

}  // namespace adaptune
