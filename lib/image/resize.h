#pragma once

#include <cstdint>

#include "image/image.h"

namespace adaptune {

// Filters by the numbers that Pillow and preprocessor_config.json give them.
enum class Resampling { kNearest = 0, kBilinear = 2, kBicubic = 3 };

// As Pillow resizes: where it shrinks, the filter is widened to all pixels that fall into one (antialiasing);
// first along x, then along y, each rounded to 8 bits from weights of 22 fractional bits.
Image resized(const Image& image, int64_t height, int64_t width, Resampling resampling);

// The part of the given size at (top, left); black where it leaves the image.
Image cropped(const Image& image, int64_t top, int64_t left, int64_t height, int64_t width);
void flip_horizontally(Image& image);

}  // namespace adaptune
