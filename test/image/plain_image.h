#pragma once

#include <string>
#include <vector>

namespace adaptune {

// A binary netpbm file, the simplest of those that are read: `pixels` [height, width, 3].
inline std::string netpbm(int height, int width, const std::vector<int>& pixels) {
  std::string bytes = "P6\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n";
  for (const int value : pixels) bytes += static_cast<char>(value);
  return bytes;
}

// All pixels of one colour.
inline std::string plain_image(int height, int width, int red, int green, int blue) {
  std::vector<int> pixels;
  for (int i = 0; i < height * width; ++i) pixels.insert(pixels.end(), {red, green, blue});
  return netpbm(height, width, pixels);
}

}  // namespace adaptune
