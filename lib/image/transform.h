#pragma once
// From a decoded image to the numbers that a network reads.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image/resize.h"

namespace adaptune {

struct ImageSize {
  int64_t height = 0, width = 0;
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

// Steps in their order; what is not set is left out.
struct ImageTransform {
  std::optional<ImageSize> resize;       // to exactly this
  std::optional<int64_t> shortest_edge;  // the shorter side to this, the other one in proportion
  std::optional<ImageSize> crop;         // out of the centre; of training images anywhere, if random_crop
  Resampling resampling = Resampling::kBilinear;
  double rescale = 1.0 / 255;
  std::array<double, 3> mean{0, 0, 0}, deviation{1, 1, 1};  // of the rescaled values, by channel

  friend bool operator==(const ImageTransform&, const ImageTransform&) = default;

  // The first steps, which are the same at every reading.
  Image prepared(const Image& image) const;
  // The size of what is read; empty: that of the prepared image.
  std::optional<ImageSize> size() const { return crop ? crop : resize; }
};

// As `preprocessor_config.json` of a model's folder says, in the form of Hugging Face's ViT and ConvNeXt
// processors; empty: no such file. InputError for what is not known.
std::optional<ImageTransform> read_preprocessor_config(const std::filesystem::path& model);

// The same, to be read again by us and by Hugging Face's processors.
std::string preprocessor_config(const ImageTransform& transform);

// Which part of a prepared image is read.
struct ImageView {
  int64_t top = 0, left = 0;
  bool flipped = false;  // left and right exchanged
};
// The middle, as of images that are not trained on.
ImageView centre_view(const ImageTransform& transform, const Image& prepared);

// The rest of the steps: writes [H, W, 3] float32.
void write_pixels(const ImageTransform& transform, const Image& prepared, const ImageView& view,
                  float* pixels);

}  // namespace adaptune
