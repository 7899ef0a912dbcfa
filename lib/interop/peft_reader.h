#pragma once

#include <filesystem>

#include "backbone/backbone.h"
#include "interop/imported.h"

namespace adaptune {

// Whether the folder is one of PEFT's: an adapter_config.json with a `peft_type`.
bool is_peft_adapter(const std::filesystem::path& folder);

// LoRA (also rank-stabilised) and IA3 of PEFT's save_pretrained; target modules by suffix, regular expression
// or all-linear. `head` is the classifier under modules_to_save, if it was saved; its labels are LABEL_0, ..
// PEFT's files hold no name: the adapter's is the folder's. InputError naming what is missing, unexpected, misshaped or not supported: DoRA, patterns of ranks, trained
// biases, modules to save beside the classifier.
ImportedAdapter read_peft_adapter(const std::filesystem::path& folder, Backbone& backbone);

}  // namespace adaptune
