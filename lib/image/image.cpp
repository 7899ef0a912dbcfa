#include "image/image.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "core/error.h"

namespace adaptune {

Image decode_image(std::string_view bytes, const std::string& where) {
  if (bytes.empty()) throw InputError(where + ": is empty; fetch the image again");
  if (bytes.starts_with("\x89PNG")) return decode_png(bytes, where);
  if (bytes.starts_with("\xFF\xD8")) return decode_jpeg(bytes, where);
  if (bytes.starts_with("P5") || bytes.starts_with("P6")) return decode_netpbm(bytes, where);
  throw InputError(where + ": is neither PNG nor JPEG by its first bytes; convert it to one of them");
}

bool is_image_file(const std::filesystem::path& file) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const std::array<std::string, 5> known = {".png", ".jpg", ".jpeg", ".ppm", ".pgm"};
  return std::find(known.begin(), known.end(), ending) != known.end();
}

Image decode_netpbm(std::string_view bytes, const std::string& where) {
  const bool grey = bytes[1] == '5';
  size_t position = 2;
  const auto number = [&] {
    const auto is_blank = [&] {
      return position < bytes.size() && std::isspace(static_cast<unsigned char>(bytes[position]));
    };
    for (; is_blank() || (position < bytes.size() && bytes[position] == '#'); ++position) {
      if (bytes[position] == '#') position = std::min(bytes.find('\n', position), bytes.size() - 1);
    }
    int64_t value = 0;
    const auto [end, error] = std::from_chars(bytes.data() + position, bytes.data() + bytes.size(), value);
    if (error != std::errc())
      throw InputError(where + ": the header of the netpbm file is damaged; fetch it again");
    position = static_cast<size_t>(end - bytes.data());
    return value;
  };
  const int64_t width = number(), height = number();
  if (number() != 255) throw InputError(where + ": only netpbm files of 8 bits are read; convert it to PNG");
  Image image = blank_image(height, width, where);
  const size_t channels = grey ? 1 : 3, count = image.pixels.size() / 3 * channels;
  const auto pixels = bytes.substr(std::min(position + 1, bytes.size()));
  if (pixels.size() < count) throw InputError(where + ": the netpbm file is truncated; fetch it again");
  for (size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<uint8_t>(pixels[grey ? i / 3 : i]);
  return image;
}

Image blank_image(int64_t height, int64_t width, const std::string& where) {
  constexpr int64_t kMostPixels = int64_t{1} << 28;
  if (height < 1 || width < 1 || height > kMostPixels / width) {
    throw InputError(where + ": " + std::to_string(width) + " x " + std::to_string(height) +
                     " pixels cannot be read; make the image smaller");
  }
  return {height, width, std::vector<uint8_t>(static_cast<size_t>(height * width * 3))};
}

}  // namespace adaptune
