#pragma once

#include <string>

#include "io/tensor_file.h"

namespace adaptune {

// Copies every tensor of `from` into the one of the same name in `into`, across devices and types. Where the
// names or shapes do not fit, nothing is copied and an InputError, begun by `where`, names every missing,
// unexpected and misshaped tensor.
void copy_tensors(const TensorMap& from, const TensorMap& into, const std::string& where);

// No number in it is NaN or infinite.
bool all_finite(const torch::Tensor& tensor);

}  // namespace adaptune
