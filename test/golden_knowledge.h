#pragma once

#include <filesystem>

#include "golden_tensors.h"

namespace adaptune {

// Runs a case of K-Adapter from its case.json alone: states, what each adapter gives, logits, loss,
// gradients, five steps.
GoldenReport run_golden_knowledge(const std::filesystem::path& folder);

}  // namespace adaptune
