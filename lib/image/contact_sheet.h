#pragma once

#include <vector>

#include "image/image.h"

namespace adaptune {

// All images in reading order, `columns` in a row, on white: small ones enlarged by whole factors and large
// ones shrunk to tiles of one size, so that single pixels stay visible. `images` must not be empty.
Image contact_sheet(const std::vector<Image>& images, int64_t columns);

}  // namespace adaptune
