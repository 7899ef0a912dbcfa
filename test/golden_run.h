#pragma once

#include <filesystem>

#include "golden_tensors.h"

namespace adaptune {

// Runs a case with a network from its case.json alone and compares everything its golden file holds. Throws
// InputError where something is not supported.
GoldenReport run_golden_case(const std::filesystem::path& folder);

}  // namespace adaptune
