#pragma once

#include <string>

#include "recipe/console.h"

namespace adaptune {

// `adaptune inspect PATH`: what a backbone, adapter, fusion, checkpoint, run or tensor file holds.
int inspect(const std::string& path, Console& console);
// `adaptune inspect --diff A B`: tensors that only one has, that differ in shape, or in value (with the
// largest difference). Returns 0, whether there are any or not.
int inspect_difference(const std::string& first, const std::string& second, Console& console);

}  // namespace adaptune
