#include "data/image_set.h"

#include <torch/torch.h>

#include <numeric>

#include "image/plain_image.h"
#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

// Images of 4 x 6 pixels whose values tell image and place.
Dataset numbered(int64_t count) {
  Dataset dataset;
  for (int64_t i = 0; i < count; ++i) {
    std::vector<int> pixels;
    for (int p = 0; p < 24; ++p) pixels.insert(pixels.end(), {static_cast<int>(i), p, 0});
    Example example;
    example.image = "image " + std::to_string(i);
    example.image_bytes = netpbm(4, 6, pixels);
    dataset.examples.push_back(std::move(example));
  }
  return dataset;
}

ImageTransform bytes_as_they_are() {
  ImageTransform transform;
  transform.rescale = 1;
  return transform;
}

constexpr auto kFail = ImageSet::OnError::kFail, kSkip = ImageSet::OnError::kSkip;

}  // namespace

TEST_CASE("images of a batch come as asked, whether they are kept or read again") {
  auto dataset = numbered(5), again = numbered(5);
  const ImageSet kept(dataset, bytes_as_they_are(), kFail), reading(again, bytes_as_they_are(), kFail, 10);
  const auto pixels = kept.pixels({3, 0}, {});
  CHECK(pixels.sizes() == at::IntArrayRef({2, 3, 4, 6}));
  CHECK(pixels.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(pixels[0][0][2][5].item<float>() == 3);
  CHECK(pixels[0][1][2][5].item<float>() == 17);
  CHECK(pixels[1][0][0][0].item<float>() == 0);
  CHECK(at::equal(reading.pixels({3, 0}, {}), pixels));
}

TEST_CASE("random changes depend on seed, epoch and image alone") {
  auto dataset = numbered(8);
  auto transform = bytes_as_they_are();
  transform.crop = ImageSize{3, 3};
  const ImageSet images(dataset, transform, kFail);
  const Augmentation first{true, true, 7, 0}, second{true, true, 7, 1};
  const std::vector<int64_t> rows = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto pixels = images.pixels(rows, first);
  CHECK(at::equal(images.pixels({5, 2}, first)[0], pixels[5]));
  CHECK_FALSE(at::equal(images.pixels(rows, second), pixels));
  CHECK_FALSE(at::equal(images.pixels(rows, {}), pixels));
  // A crop is a part of its image, forwards or backwards.
  for (int64_t i = 0; i < 8; ++i) {
    const auto row = pixels[i][1][0];
    CHECK(std::abs(row[1].item<float>() - row[0].item<float>()) == 1);
  }
}

TEST_CASE("large batches are the same on any number of threads, and for images that are read again") {
  auto dataset = numbered(100), again = numbered(100), changed = numbered(100);
  changed.examples[7].image_bytes = plain_image(4, 6, 1, 2, 3);
  auto transform = bytes_as_they_are();
  transform.crop = ImageSize{3, 3};
  const ImageSet kept(dataset, transform, kFail), reading(again, transform, kFail, 10),
      other(changed, transform, kFail);
  std::vector<int64_t> rows(100);
  std::iota(rows.rbegin(), rows.rend(), 0);
  const Augmentation augmentation{true, true, 7, 3};
  const auto pixels = kept.pixels(rows, augmentation);
  CHECK(at::equal(reading.pixels(rows, augmentation), pixels));
  for (int64_t i = 0; i < 100; i += 9) CHECK(at::equal(kept.pixels({rows[i]}, augmentation)[0], pixels[i]));
  CHECK(kept.digest() == reading.digest());
  CHECK(kept.digest() != other.digest());
  CHECK(kept.same_images(reading));
  CHECK_FALSE(kept.same_images(other));
  auto renamed = numbered(100), whole = numbered(100);
  CHECK_FALSE(kept.same_images(ImageSet(whole, bytes_as_they_are(), kFail)));
  renamed.examples[3].image += "a";
  CHECK_FALSE(kept.same_images(ImageSet(renamed, transform, kFail)));
}

TEST_CASE("images that cannot be read are named and counted, or left out") {
  auto dataset = numbered(4);
  dataset.examples[1].image_bytes = "no image";
  dataset.examples[2].image_bytes = "";
  auto again = dataset;
  const auto refusal = input_error_of([&] { ImageSet(dataset, bytes_as_they_are(), kFail); });
  CHECK_THAT(refusal, Contains("2 of 4 images cannot be read") &&
                          Contains("image 1: is neither PNG nor JPEG") && Contains("image 2: is empty") &&
                          Contains("data.on_error: skip"));
  const ImageSet images(again, bytes_as_they_are(), kSkip);
  CHECK(images.size() == 2);
  CHECK(images.skipped() == 2);
  CHECK(again.size() == 2);
  CHECK(images.pixels({1}, {})[0][0][0][0].item<float>() == 3);
}

TEST_CASE("images of several sizes need one to be brought to") {
  auto dataset = numbered(2);
  dataset.examples[1].image_bytes = plain_image(2, 2, 1, 1, 1);
  auto again = dataset;
  CHECK_THAT(input_error_of([&] { ImageSet(dataset, bytes_as_they_are(), kFail); }),
             Contains("image 1: has 2 x 2 pixels, image 0 6 x 4; set data.image_size"));
  auto transform = bytes_as_they_are();
  transform.resize = ImageSize{2, 2};
  const ImageSet resized(again, transform, kFail);
  CHECK(resized.pixels({0, 1}, {}).sizes() == at::IntArrayRef({2, 3, 2, 2}));
  CHECK(resized.pixel_size() == ImageSize{2, 2});
}

TEST_CASE("statistics are those of all pixels") {
  Dataset dataset;
  for (const int red : {0, 100}) {
    Example example;
    example.image = "x";
    example.image_bytes = plain_image(1, 2, red, 50, 0);
    dataset.examples.push_back(std::move(example));
  }
  ImageSet images(dataset, {}, kFail);
  const auto statistics = images.statistics();
  CHECK(statistics.mean[0] == Approx(50.0 / 255));
  CHECK(statistics.deviation[0] == Approx(50.0 / 255));
  CHECK(statistics.mean[1] == Approx(50.0 / 255));
  images.normalise(statistics);
  CHECK(images.pixels({1}, {})[0][0][0][0].item<float>() == Approx(1));
}

}  // namespace adaptune
