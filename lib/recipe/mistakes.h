#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/image_set.h"
#include "metric/metric.h"

namespace adaptune {

// The `count` wrongly classified images with the largest losses, worst first: mistakes.png shows them in
// reading order, mistakes.md says of each its file, its label and what was predicted. Returns how many there
// are; the files of an earlier call are replaced, or removed where nothing is wrong.
int64_t write_mistakes(const std::filesystem::path& folder, const ImageSet& images,
                       const Predictions& predictions, const std::vector<std::string>& labels, int64_t count);

}  // namespace adaptune
