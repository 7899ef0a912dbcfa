#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "golden_case.h"
#include "golden_tensors.h"

namespace adaptune {

// Trains `parameters` by AdamW on `loss` as a case says, and compares the losses before each step and after
// the last with the golden ones, whose names begin with `prefix`.
void train_and_compare(const GoldenTrajectory& settings, const std::vector<torch::Tensor>& parameters,
                       const std::function<torch::Tensor()>& loss, const std::string& prefix,
                       GoldenTensors& golden);

}  // namespace adaptune
