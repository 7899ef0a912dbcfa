#pragma once

#include "io/tensor_file.h"

namespace adaptune {

// States of LibTorch's global generators that training on `device` draws from, as bytes: "cpu", and "cuda"
// on such a device.
TensorMap generator_state(torch::Device device);
// A run that moved to another kind of device has no state for it: that generator stays as it is. InputError,
// begun by `where`, when the processor's state is missing or a state is damaged.
void set_generator_state(const TensorMap& state, torch::Device device, const std::string& where);

}  // namespace adaptune
