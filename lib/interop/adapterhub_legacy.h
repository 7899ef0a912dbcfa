#pragma once

#include <nlohmann/json_fwd.hpp>

#include "io/tensor_file.h"

namespace adaptune {

// What the library itself rewrites on loading old files, section 3.4 of the format.
// The activations of files without a version, alpha of LoRA files before 1.1.0 (which ignored it), the old
// form of invertible adapters, and a task adapter's invertible adapter that was never saved.
void mend_legacy_config(nlohmann::json& file, const TensorMap& tensors);
// "attention_text_task_adapters" and its like.
TensorMap mend_legacy_names(const TensorMap& tensors);

}  // namespace adaptune
