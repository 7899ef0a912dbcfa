#pragma once
// A parameter of ours beside its name and shape in another library's file.

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "io/tensor_file.h"

namespace adaptune {

struct NamedParameter {
  std::string key;             // without any prefix of the model
  torch::Tensor parameter;     // ours; shares its memory
  std::vector<int64_t> shape;  // in the file; as many elements
  std::string alias;           // a second name for the same tensor; empty: none
};

// Copies `tensors` into the parameters, cast to their type. An alias may be absent, but not differ.
// InputError naming every missing, unexpected and misshaped tensor; `where` starts the message, `prefix`
// each name in it, `hint` (may be empty) ends it.
void load_named_parameters(const std::vector<NamedParameter>& parameters, const TensorMap& tensors,
                           const std::string& where, const std::string& prefix, const std::string& hint);

// The tensors as the file holds them, aliases too, `prefix` before every key.
TensorMap named_tensors(const std::vector<NamedParameter>& parameters, const std::string& prefix);

// Removes `prefix` from the names that start with it.
TensorMap without_prefix(const TensorMap& tensors, const std::string& prefix);

}  // namespace adaptune
