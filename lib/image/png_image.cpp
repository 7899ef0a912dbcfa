#include <png.h>

#include <csetjmp>
#include <cstring>

#include "core/error.h"
#include "image/image.h"

namespace adaptune {
namespace {

// What libpng's callbacks read and write.
struct Source {
  std::string_view bytes;
  size_t position = 0;
  std::string problem;
};

void read_bytes(png_structp png, png_bytep target, size_t count) {
  auto& source = *static_cast<Source*>(png_get_io_ptr(png));
  if (source.bytes.size() - source.position < count) png_error(png, "it is truncated");
  std::memcpy(target, source.bytes.data() + source.position, count);
  source.position += count;
}

[[noreturn]] void stop(png_structp png, png_const_charp problem) {
  static_cast<Source*>(png_get_error_ptr(png))->problem = problem;
  std::longjmp(png_jmpbuf(png), 1);
}

void ignore(png_structp, png_const_charp) {}

// libpng's two structs, freed together.
class Reader {
 public:
  explicit Reader(Source& source)
      : png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, stop, ignore)),
        info_(png_ ? png_create_info_struct(png_) : nullptr) {
    if (info_) png_set_read_fn(png_, &source, read_bytes);
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // libpng leaves by longjmp where it fails: the two functions that call it hold nothing that would need a
  // destructor.
  bool begin(png_uint_32& height, png_uint_32& width) {
    if (!info_ || setjmp(png_jmpbuf(png_))) return false;
    png_read_info(png_, info_);
    png_set_palette_to_rgb(png_);
    png_set_expand_gray_1_2_4_to_8(png_);
    png_set_strip_16(png_);
    png_set_strip_alpha(png_);
    png_set_gray_to_rgb(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    height = png_get_image_height(png_, info_);
    width = png_get_image_width(png_, info_);
    return png_get_rowbytes(png_, info_) == size_t{width} * 3;
  }

  bool read(Image& image) {
    if (setjmp(png_jmpbuf(png_))) return false;
    for (int pass = 0; pass < passes_; ++pass) {
      for (int64_t y = 0; y < image.height; ++y) png_read_row(png_, image.row(y), nullptr);
    }
    png_read_end(png_, nullptr);
    return true;
  }

 private:
  png_structp png_;
  png_infop info_;
  int passes_ = 1;
};

}  // namespace

Image decode_png(std::string_view bytes, const std::string& where) {
  Source source{bytes, 0, "its pixels are of an unknown kind"};
  Reader reader(source);
  png_uint_32 height = 0, width = 0;
  const auto damaged = [&] {
    return InputError(where + ": the PNG file is damaged: " + source.problem + "; fetch it again");
  };
  if (!reader.begin(height, width)) throw damaged();
  Image image = blank_image(height, width, where);
  if (!reader.read(image)) throw damaged();
  return image;
}

std::string encode_png(const Image& image) {
  png_image description{};
  description.version = PNG_IMAGE_VERSION;
  description.width = static_cast<png_uint_32>(image.width);
  description.height = static_cast<png_uint_32>(image.height);
  description.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  const auto write = [&](void* target) {
    if (png_image_write_to_memory(&description, target, &size, 0, image.pixels.data(), 0, nullptr) == 0)
      throw InputError(std::string("cannot write a PNG file: ") + description.message);
  };
  write(nullptr);
  std::string bytes(size, '\0');
  write(bytes.data());
  bytes.resize(size);
  return bytes;
}

}  // namespace adaptune
