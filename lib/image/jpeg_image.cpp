#include <turbojpeg.h>

#include <memory>
#include <new>

#include "core/error.h"
#include "image/image.h"

namespace adaptune {
namespace {

struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};

// One a thread: making it takes as long as decoding a small image.
tjhandle decoder() {
  static thread_local const std::unique_ptr<void, Destroy> handle(tjInitDecompress());
  if (!handle) throw std::bad_alloc();
  return handle.get();
}

// Adobe's files hold the complement of the four inks.
void to_rgb(const std::vector<uint8_t>& inks, Image& image) {
  for (size_t i = 0, pixel = 0; pixel < inks.size(); pixel += 4) {
    const int black = inks[pixel + 3];
    for (size_t ink = 0; ink < 3; ++ink)
      image.pixels[i++] = static_cast<uint8_t>((inks[pixel + ink] * black + 127) / 255);
  }
}

// Whether the last scan has an end: inside of it no such marker can be.
bool has_end(std::string_view bytes) {
  const auto scan = bytes.rfind("\xFF\xDA");
  return scan != std::string_view::npos && bytes.find("\xFF\xD9", scan) != std::string_view::npos;
}

// A warning that leaves the image whole does not count: bytes too many between two segments. Only the first
// warning is told, so that the end of the file could be missing as well.
bool failed(tjhandle handle, int status, std::string_view bytes) {
  if (status == 0) return false;
  return tjGetErrorCode(handle) != TJERR_WARNING || !has_end(bytes) ||
         std::string_view(tjGetErrorStr2(handle)).find("xtraneous bytes") == std::string_view::npos;
}

}  // namespace

Image decode_jpeg(std::string_view bytes, const std::string& where) {
  tjhandle handle = decoder();
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto check = [&](int status) {
    if (!failed(handle, status, bytes)) return;
    throw InputError(where + ": the JPEG file is damaged or truncated (" + tjGetErrorStr2(handle) +
                     "); fetch it again");
  };
  int width = 0, height = 0, subsampling = 0, colours = 0;
  check(tjDecompressHeader3(handle, data, bytes.size(), &width, &height, &subsampling, &colours));
  Image image = blank_image(height, width, where);
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
    std::vector<uint8_t> inks(image.pixels.size() / 3 * 4);
    check(tjDecompress2(handle, data, bytes.size(), inks.data(), width, 0, height, TJPF_CMYK, 0));
    to_rgb(inks, image);
  } else {
    check(tjDecompress2(handle, data, bytes.size(), image.pixels.data(), width, 0, height, TJPF_RGB, 0));
  }
  return image;
}

}  // namespace adaptune
