#include "image/resize.h"

#include "core/atomic_file.h"
#include "image/plain_image.h"
#include "image/transform.h"
#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

Image image_of(int height, int width, const std::vector<int>& pixels) {
  return decode_image(netpbm(height, width, pixels), "test");
}

}  // namespace

TEST_CASE("the nearest pixel is Pillow's, also where the sum of steps rounds otherwise than their product") {
  std::vector<int> ramp;
  for (int i = 0; i < 16; ++i) ramp.insert(ramp.end(), {i, i, i});
  const Image wide = resized(image_of(1, 16, ramp), 1, 24, Resampling::kNearest);
  const std::vector<int> picked = {0, 1, 1, 2,  2,  3,  4,  5,  5,  6,  7,  7,
                                   8, 9, 9, 10, 10, 11, 12, 12, 13, 14, 14, 15};
  for (size_t i = 0; i < picked.size(); ++i) CHECK(wide.pixels[3 * i] == picked[i]);
}

TEST_CASE("resizing keeps a plain image plain, and the same size as it is") {
  const Image plain = decode_image(plain_image(5, 7, 10, 200, 30), "test");
  for (const auto resampling : {Resampling::kNearest, Resampling::kBilinear, Resampling::kBicubic}) {
    const Image large = resized(plain, 9, 4, resampling);
    CHECK(large.height == 9);
    CHECK(large.width == 4);
    for (size_t i = 0; i < large.pixels.size(); i += 3) {
      REQUIRE(large.pixels[i] == 10);
      REQUIRE(large.pixels[i + 1] == 200);
    }
    CHECK(resized(plain, 5, 7, resampling).pixels == plain.pixels);
  }
}

TEST_CASE("an image of one pixel may become larger, and a large one a single pixel") {
  const Image one = image_of(1, 1, {1, 2, 3});
  CHECK(resized(one, 2, 2, Resampling::kBicubic).pixels ==
        std::vector<uint8_t>{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3});
  const Image two = image_of(1, 2, {0, 0, 0, 100, 50, 20});
  CHECK(resized(two, 1, 1, Resampling::kBilinear).pixels == std::vector<uint8_t>{50, 25, 10});
}

TEST_CASE("crops may leave the image, and flips exchange left and right") {
  const Image row = image_of(1, 3, {1, 1, 1, 2, 2, 2, 3, 3, 3});
  CHECK(cropped(row, 0, 1, 1, 2).pixels == std::vector<uint8_t>{2, 2, 2, 3, 3, 3});
  CHECK(cropped(row, -1, 2, 2, 2).pixels == std::vector<uint8_t>{0, 0, 0, 0, 0, 0, 3, 3, 3, 0, 0, 0});
  Image flipped = row;
  flip_horizontally(flipped);
  CHECK(flipped.pixels == std::vector<uint8_t>{3, 3, 3, 2, 2, 2, 1, 1, 1});
}

TEST_CASE("pixels are rescaled, normalised and cut out of the middle") {
  ImageTransform transform;
  transform.shortest_edge = 2;
  transform.crop = ImageSize{2, 2};
  transform.mean = {0.5, 0, 0};
  transform.deviation = {0.5, 1, 1};
  const Image wide = image_of(1, 2, {255, 0, 51, 0, 255, 51});
  const Image prepared = transform.prepared(wide);
  CHECK(prepared.height == 2);
  CHECK(prepared.width == 4);
  float pixels[12];
  write_pixels(transform, prepared, centre_view(transform, prepared), pixels);
  CHECK(pixels[2] == Approx(0.2));
  CHECK(pixels[0] > pixels[3]);  // red on the left
  CHECK(pixels[0] <= 1);
}

TEST_CASE("preparation follows the processor that a model's folder names, of old files too") {
  const TemporaryFolder folder;
  const auto transform_of = [&](const std::string& text) {
    write_file_atomically(folder.path() / "preprocessor_config.json", text);
    return read_preprocessor_config(folder.path()).value();
  };
  const auto old = transform_of(
      R"({"feature_extractor_type": "ConvNextFeatureExtractor", "size": 224, "crop_pct": 0.875, "resample": 3})");
  CHECK(old.shortest_edge == 256);
  CHECK(old.crop == ImageSize{224, 224});
  CHECK_FALSE(old.resize);
  const auto vit = transform_of(R"({"feature_extractor_type": "ViTFeatureExtractor", "size": 224})");
  CHECK(vit.resize == ImageSize{224, 224});
  const auto clip =
      transform_of(R"({"image_processor_type": "CLIPImageProcessor", "size": 24, "do_center_crop": true,
    "crop_size": 16})");
  CHECK(clip.shortest_edge == 24);
  CHECK(clip.crop == ImageSize{16, 16});
  CHECK(transform_of(preprocessor_config(clip)) == clip);
}

}  // namespace adaptune
