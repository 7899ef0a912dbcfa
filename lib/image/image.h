#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace adaptune {

// An image of 8-bit RGB pixels, from the top row down.
struct Image {
  int64_t height = 0, width = 0;
  std::vector<uint8_t> pixels;  // [height, width, 3]

  uint8_t* row(int64_t y) { return pixels.data() + y * width * 3; }
  const uint8_t* row(int64_t y) const { return pixels.data() + y * width * 3; }
};

// The image in the bytes of a PNG, JPEG or binary netpbm (P5, P6) file, told apart by them. Grey is copied to
// three channels, palettes are looked up, alpha is dropped without blending, of 16 bits the higher 8 are
// kept: as Pillow converts to RGB. Throws InputError starting with `where` for other files, damaged and
// truncated ones, and those of more than 2^28 pixels.
Image decode_image(std::string_view bytes, const std::string& where);

// As a PNG file.
std::string encode_png(const Image& image);

// By the ending of its name.
bool is_image_file(const std::filesystem::path& file);

// Of one format each, by decode_image.
Image decode_png(std::string_view bytes, const std::string& where);
Image decode_jpeg(std::string_view bytes, const std::string& where);
Image decode_netpbm(std::string_view bytes, const std::string& where);
// An image of this size, its pixels undefined. InputError as above when it is too large.
Image blank_image(int64_t height, int64_t width, const std::string& where);

}  // namespace adaptune
