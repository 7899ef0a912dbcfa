#pragma once
// Several tasks in one pass. A value of all tokens is [N, D] as long as it is the same for every task. From
// where the tasks differ on it is [C, N, D]: a copy for each of the tasks that differ already, the last one
// for all others. So a value of fewer copies stands for one of more by its last copy; that of one task
// broadcasts.

#include <torch/types.h>

#include <cstdint>

namespace adaptune {

int64_t copies(const torch::Tensor& value);
// The value with `count` copies, or broadcasting to them.
torch::Tensor with_copies(const torch::Tensor& value, int64_t count);
// What copy c of `count` is: [N, D].
torch::Tensor copy_of(const torch::Tensor& value, int64_t c);
// Sum of values that may have different numbers of copies.
torch::Tensor add_copies(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace adaptune
