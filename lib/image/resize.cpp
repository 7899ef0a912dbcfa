#include "image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace adaptune {
namespace {

constexpr int kFraction = 22;  // bits of a weight: 32 less 8 of a pixel and 2 for sums beyond 1

double triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

// Keys' cubic convolution with a = -0.5.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

struct Filter {
  double radius;
  double (*value)(double);
};

Filter filter_of(Resampling resampling) {
  return resampling == Resampling::kBilinear ? Filter{1, triangle} : Filter{2, cubic};
}

// The pixels of a line that one output pixel is made of, and their weights.
struct Window {
  int64_t first;
  std::vector<int32_t> weights;
};

std::vector<Window> windows(int64_t in, int64_t out, const Filter& filter) {
  const double scale = static_cast<double>(in) / static_cast<double>(out), stretch = std::max(scale, 1.0);
  const double radius = filter.radius * stretch;
  std::vector<Window> all;
  for (int64_t i = 0; i < out; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<int64_t>(static_cast<int64_t>(std::floor(centre - radius + 0.5)), 0);
    const auto end = std::min<int64_t>(static_cast<int64_t>(std::floor(centre + radius + 0.5)), in);
    std::vector<double> weights;
    double sum = 0;
    for (int64_t x = first; x < end; ++x) {
      weights.push_back(filter.value((static_cast<double>(x) - centre + 0.5) * (1 / stretch)));
      sum += weights.back();
    }
    Window window{first, {}};
    for (double weight : weights) {
      if (sum != 0) weight *= 1 / sum;
      const double fixed = weight * (1 << kFraction);
      window.weights.push_back(static_cast<int32_t>(fixed < 0 ? fixed - 0.5 : fixed + 0.5));
    }
    all.push_back(std::move(window));
  }
  return all;
}

uint8_t rounded(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kFraction, 0, 255)); }

constexpr int32_t kHalf = 1 << (kFraction - 1);

Image along_x(const Image& image, int64_t width, const Filter& filter) {
  Image result{image.height, width, std::vector<uint8_t>(static_cast<size_t>(image.height * width * 3))};
  const auto all = windows(image.width, width, filter);
  for (int64_t y = 0; y < image.height; ++y) {
    uint8_t* out = result.row(y);
    for (const auto& window : all) {
      const uint8_t* in = image.row(y) + window.first * 3;
      int32_t sums[3] = {kHalf, kHalf, kHalf};
      for (const int32_t weight : window.weights) {
        for (int32_t& sum : sums) sum += *in++ * weight;
      }
      for (const int32_t sum : sums) *out++ = rounded(sum);
    }
  }
  return result;
}

Image along_y(const Image& image, int64_t height, const Filter& filter) {
  Image result{height, image.width, std::vector<uint8_t>(static_cast<size_t>(height * image.width * 3))};
  const auto all = windows(image.height, height, filter);
  std::vector<int32_t> sums(static_cast<size_t>(image.width * 3));
  for (int64_t y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    int64_t source = all[y].first;
    for (const int32_t weight : all[y].weights) {
      const uint8_t* in = image.row(source++);
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += in[i] * weight;
    }
    std::transform(sums.begin(), sums.end(), result.row(y), rounded);
  }
  return result;
}

// The pixel under the centre of each new one, whose place is summed up as Pillow does: the rounding is the
// same.
std::vector<int64_t> pixels_under(int64_t in, int64_t out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  std::vector<int64_t> pixels;
  double centre = scale * 0.5;
  for (int64_t i = 0; i < out; ++i, centre += scale)
    pixels.push_back(std::min(static_cast<int64_t>(centre), in - 1));
  return pixels;
}

Image nearest(const Image& image, int64_t height, int64_t width) {
  Image result{height, width, std::vector<uint8_t>(static_cast<size_t>(height * width * 3))};
  const auto rows = pixels_under(image.height, height), columns = pixels_under(image.width, width);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x)
      std::memcpy(result.row(y) + x * 3, image.row(rows[y]) + columns[x] * 3, 3);
  }
  return result;
}

}  // namespace

Image resized(const Image& image, int64_t height, int64_t width, Resampling resampling) {
  if (height == image.height && width == image.width) return image;
  if (resampling == Resampling::kNearest) return nearest(image, height, width);
  const Filter filter = filter_of(resampling);
  if (width == image.width) return along_y(image, height, filter);
  if (height == image.height) return along_x(image, width, filter);
  return along_y(along_x(image, width, filter), height, filter);
}

Image cropped(const Image& image, int64_t top, int64_t left, int64_t height, int64_t width) {
  Image result{height, width, std::vector<uint8_t>(static_cast<size_t>(height * width * 3))};
  const int64_t first = std::max<int64_t>(left, 0), end = std::min(left + width, image.width);
  for (int64_t y = std::max<int64_t>(-top, 0); y < std::min(height, image.height - top); ++y) {
    if (first < end)
      std::memcpy(result.row(y) + (first - left) * 3, image.row(y + top) + first * 3,
                  static_cast<size_t>(end - first) * 3);
  }
  return result;
}

void flip_horizontally(Image& image) {
  for (int64_t y = 0; y < image.height; ++y) {
    uint8_t* row = image.row(y);
    for (int64_t left = 0, right = image.width - 1; left < right; ++left, --right)
      std::swap_ranges(row + left * 3, row + left * 3 + 3, row + right * 3);
  }
}

}  // namespace adaptune
