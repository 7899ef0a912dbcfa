#include "image/contact_sheet.h"

#include <algorithm>

#include "image/resize.h"

namespace adaptune {
namespace {

constexpr int64_t kTile = 96, kGap = 8;  // pixels
constexpr uint8_t kWhite = 255;

Image fitted(const Image& image) {
  const int64_t longest = std::max(image.height, image.width);
  if (longest <= kTile) {
    const int64_t factor = kTile / longest;
    return resized(image, image.height * factor, image.width * factor, Resampling::kNearest);
  }
  const auto scaled = [&](int64_t side) { return std::max<int64_t>(1, side * kTile / longest); };
  return resized(image, scaled(image.height), scaled(image.width), Resampling::kBilinear);
}

}  // namespace

Image contact_sheet(const std::vector<Image>& images, int64_t columns) {
  const auto count = static_cast<int64_t>(images.size());
  const int64_t rows = (count + columns - 1) / columns;
  Image sheet = blank_image(rows * (kTile + kGap) + kGap, columns * (kTile + kGap) + kGap, "contact sheet");
  std::fill(sheet.pixels.begin(), sheet.pixels.end(), kWhite);
  for (int64_t i = 0; i < count; ++i) {
    const Image tile = fitted(images[i]);
    const int64_t top = (i / columns) * (kTile + kGap) + kGap, left = (i % columns) * (kTile + kGap) + kGap;
    for (int64_t y = 0; y < tile.height; ++y)
      std::copy_n(tile.row(y), tile.width * 3, sheet.row(top + y) + left * 3);
  }
  return sheet;
}

}  // namespace adaptune
