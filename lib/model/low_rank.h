#pragma once

#include <cstdint>
#include <vector>

#include "io/tensor_file.h"

namespace adaptune {

// Residual adapters of limited rank made of trained ones (Rebuffi et al. 2018, section 3.3): each
// "<site>.alpha" [out, in, 1, 1] becomes "<site>.up" [out, r, 1, 1] and "<site>.down" [r, in, 1, 1] with r at
// most `rank`, out and in (of a joint basis too; `kept` tells what that costs); other tensors stay. By the
// truncated singular value decomposition, the best such product in the Frobenius norm.
struct LowRank {
  std::vector<TensorMap> tensors;  // by task
  std::vector<double> kept;        // by task: share of the squared norm of all alphas
};
// Of every task alone; or, with `is_joint`, with one basis `up` for all tasks, that of [alpha_1 | ... |
// alpha_T]: then all must have the same alphas, else it throws InputError. No alphas: nothing is changed,
// `kept` is 1.
LowRank low_rank(const std::vector<TensorMap>& tasks, int64_t rank, bool is_joint);

}  // namespace adaptune
