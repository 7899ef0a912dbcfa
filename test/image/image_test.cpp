#include "image/image.h"

#include <zlib.h>

#include "core/atomic_file.h"
#include "image/contact_sheet.h"
#include "image/plain_image.h"
#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

std::string fixture(const std::string& name) {
  return read_file(std::filesystem::path(FIXTURES) / "cases/image_preprocess" / name);
}

std::string refusal(const std::string& bytes) {
  return input_error_of([&] { decode_image(bytes, "cat.png"); });
}

std::string big_endian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

std::string chunk(const std::string& data) {
  const auto* bytes = reinterpret_cast<const Bytef*>(data.data());
  const auto sum = static_cast<uint32_t>(crc32(0, bytes, static_cast<uInt>(data.size())));
  return big_endian(static_cast<uint32_t>(data.size()) - 4) + data + big_endian(sum);
}

// A PNG file of two pixels side by side: their bytes, bits a channel, libpng's number of the kind of colours.
std::string png_of_two(const std::string& row, char depth, char colours, const std::string& palette = "") {
  const std::string raw = std::string(1, '\0') + row;  // no filter
  std::string packed(100, '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(raw.data()),
           raw.size());
  packed.resize(size);
  const std::string header = "IHDR" + big_endian(2) + big_endian(1) + depth + colours + std::string(3, '\0');
  return "\x89PNG\r\n\x1a\n" + chunk(header) + (palette.empty() ? "" : chunk("PLTE" + palette)) +
         chunk("IDAT" + packed) + chunk("IEND");
}

std::vector<uint8_t> pixels_of(const std::string& bytes) { return decode_image(bytes, "x.png").pixels; }

}  // namespace

TEST_CASE("PNG files of palettes, of 16 bits, grey and with alpha are read as three channels") {
  CHECK(pixels_of(png_of_two({"\x01\x00", 2}, 8, 3, {"\x0a\x0b\x0c\x0d\x0e\x0f", 6})) ==
        std::vector<uint8_t>{13, 14, 15, 10, 11, 12});
  CHECK(pixels_of(png_of_two({"\x40", 1}, 1, 3, {"\x0a\x0b\x0c\x0d\x0e\x0f", 6})) ==
        std::vector<uint8_t>{10, 11, 12, 13, 14, 15});
  CHECK(pixels_of(png_of_two({"\x01\xff\x02\x00\x03\x80\x04\x00\x05\x00\x06\x00", 12}, 16, 2)) ==
        std::vector<uint8_t>{1, 2, 3, 4, 5, 6});
  CHECK(pixels_of(png_of_two({"\x07\xff\x08\x00", 4}, 16, 0)) == std::vector<uint8_t>{7, 7, 7, 8, 8, 8});
  CHECK(pixels_of(png_of_two({"\x07\x00\x08\xff", 4}, 8, 4)) == std::vector<uint8_t>{7, 7, 7, 8, 8, 8});
}

TEST_CASE("images are told apart by their bytes, not by their names") {
  const Image png = decode_image(fixture("rgb.png"), "x.jpg");
  CHECK(png.height == 29);
  CHECK(png.width == 37);
  CHECK(png.pixels.size() == 29 * 37 * 3);
  const Image grey = decode_image(fixture("grey.jpg"), "x.png");
  CHECK(grey.width == 41);
  for (size_t i = 0; i < grey.pixels.size(); i += 3) REQUIRE(grey.pixels[i] == grey.pixels[i + 2]);
}

TEST_CASE("a contact sheet shows images in reading order, as a PNG file") {
  const Image red = decode_image(plain_image(8, 8, 200, 0, 0), "red"),
              blue = decode_image(plain_image(300, 200, 0, 0, 200), "blue");
  const std::string file = encode_png(contact_sheet({red, blue, red}, 2));
  const Image sheet = decode_image(file, "sheet");
  const auto pixel = [&](int64_t y, int64_t x) {
    return std::vector<uint8_t>(sheet.row(y) + 3 * x, sheet.row(y) + 3 * x + 3);
  };
  CHECK(sheet.width == 2 * 104 + 8);
  CHECK(sheet.height == 2 * 104 + 8);
  CHECK(pixel(0, 0) == std::vector<uint8_t>{255, 255, 255});
  CHECK(pixel(8, 8) == std::vector<uint8_t>{200, 0, 0});
  CHECK(pixel(103, 103) == std::vector<uint8_t>{200, 0, 0});
  CHECK(pixel(103, 112) == std::vector<uint8_t>{0, 0, 200});
  CHECK(pixel(8, 112 + 63) == std::vector<uint8_t>{0, 0, 200});
  CHECK(pixel(8, 112 + 64) == std::vector<uint8_t>{255, 255, 255});
  CHECK(pixel(112, 8) == std::vector<uint8_t>{200, 0, 0});
  CHECK(pixel(112, 112) == std::vector<uint8_t>{255, 255, 255});
}

TEST_CASE("netpbm files of 8 bits are read") {
  const Image image = decode_image(netpbm(1, 2, {1, 2, 3, 4, 5, 6}), "x.ppm");
  CHECK(image.pixels == std::vector<uint8_t>{1, 2, 3, 4, 5, 6});
  const Image grey = decode_image("P5 # a comment\n1 2 255\nab", "x.pgm");
  CHECK(grey.height == 2);
  CHECK(grey.pixels == std::vector<uint8_t>{'a', 'a', 'a', 'b', 'b', 'b'});
  CHECK_THAT(refusal("P6 2 2 255\nabc"), Contains("truncated"));
  CHECK_THAT(refusal("P6 2 2 65535\nabc"), Contains("8 bits"));
}

TEST_CASE("what is no image, or half of one, is told with its name") {
  CHECK(refusal("") == "cat.png: is empty; fetch the image again");
  CHECK_THAT(refusal("hello"), Contains("cat.png: is neither PNG nor JPEG"));
  const auto png = fixture("rgb.png"), jpeg = fixture("grey.jpg");
  CHECK_THAT(refusal(png.substr(0, png.size() / 2)),
             Contains("cat.png: the PNG file is damaged: it is truncated"));
  CHECK_THAT(refusal(jpeg.substr(0, jpeg.size() / 2)),
             Contains("cat.png: the JPEG file is damaged or truncated"));
  // libjpeg warns of the bytes between two segments, and then no more of the missing end.
  const std::string padded = jpeg.substr(0, 2) + "abc" + jpeg.substr(2);
  CHECK(decode_image(padded, "cat.jpg").pixels == decode_image(jpeg, "cat.jpg").pixels);
  CHECK_THAT(refusal(padded.substr(0, padded.size() / 2)),
             Contains("cat.png: the JPEG file is damaged or truncated"));
  auto broken = png;
  broken[60] ^= 0x55;
  CHECK_THAT(refusal(broken), Contains("the PNG file is damaged"));
  CHECK_THAT(refusal("P6 100000 100000 255\n"), Contains("100000 x 100000 pixels cannot be read"));
}

}  // namespace adaptune
