#pragma once

#include <filesystem>

#include "golden_tensors.h"

namespace adaptune {

// Runs a case of images and processors: decoding, resizing, cropping, normalisation.
GoldenReport run_golden_images(const std::filesystem::path& folder);

}  // namespace adaptune
