#pragma once

#include <filesystem>

#include "golden_tensors.h"

namespace adaptune {

// Runs a case of an image network, plain or with the adapters of its domains, from its case.json alone: what
// it computes in evaluation and in training mode, gradients, running statistics, five steps.
GoldenReport run_golden_domains(const std::filesystem::path& folder);

}  // namespace adaptune
