#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace adaptune {

// A pointwise non-linearity, by the names of Hugging Face's activation table.
using Activation = torch::Tensor (*)(const torch::Tensor&);

// Throws InputError listing the known names.
Activation activation_by_name(const std::string& name);
std::vector<std::string> activation_names();

}  // namespace adaptune
