#include "data/image_set.h"

#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/sha256.h"
#include "data/parallel_chunks.h"
#include "data/random_sequence.h"
#include "nn/host_tensor.h"

namespace adaptune {
namespace {

constexpr int64_t kImagesAtOnce = 8;  // of a thread: a batch is shared by all of them

// Runs work(row) for all rows, on all cores.
void for_each_row(int64_t count, const std::function<void(int64_t)>& work) {
  for_each_chunk((count + kImagesAtOnce - 1) / kImagesAtOnce, 0, [&](int64_t chunk) {
    for (int64_t row = chunk * kImagesAtOnce; row < std::min((chunk + 1) * kImagesAtOnce, count); ++row)
      work(row);
  });
}

ImageView random_view(const ImageTransform& transform, const Image& image, const Augmentation& augmentation,
                      int64_t row) {
  RandomSequence numbers(augmentation.seed, kAugmentationStream + static_cast<uint64_t>(row),
                         static_cast<uint64_t>(augmentation.epoch));
  ImageView view = centre_view(transform, image);
  const auto& crop = transform.crop;
  if (augmentation.random_crop && crop && image.height >= crop->height && image.width >= crop->width) {
    view.top = static_cast<int64_t>(numbers.below(static_cast<uint64_t>(image.height - crop->height) + 1));
    view.left = static_cast<int64_t>(numbers.below(static_cast<uint64_t>(image.width - crop->width) + 1));
  }
  view.flipped = augmentation.horizontal_flip && numbers.below(2) == 1;
  return view;
}

std::string unreadable(const std::vector<std::string>& problems, int64_t rows) {
  constexpr size_t kShown = 5;
  std::string text = std::to_string(problems.size()) + " of " + std::to_string(rows) +
                     " images cannot be read; mend or remove them (a configuration leaves them out with "
                     "data.on_error: skip)";
  for (size_t i = 0; i < std::min(kShown, problems.size()); ++i) text += "\n     " + problems[i];
  if (problems.size() > kShown) text += "\n     ...";
  return text;
}

// What reading a row gave.
struct Reading {
  ImageSize size;
  std::string digest, problem;
};

}  // namespace

ImageSet::ImageSet(Dataset& dataset, const ImageTransform& transform, OnError on_error, int64_t kept_bytes)
    : transform_(transform) {
  const int64_t count = dataset.size();
  for (auto& example : dataset.examples) sources_.push_back({example.image, std::move(example.image_bytes)});
  kept_.resize(static_cast<size_t>(count));
  std::vector<Reading> readings(static_cast<size_t>(count));
  std::atomic<int64_t> bytes = 0;
  for_each_row(count, [&](int64_t row) {
    Reading& reading = readings[row];
    try {
      const std::string file = bytes_of(row);
      reading.digest = sha256_hex(file);
      Image image = transform_.prepared(decode_image(file, sources_[row].name));
      reading.size = {image.height, image.width};
      bytes += static_cast<int64_t>(image.pixels.size());
      if (bytes <= kept_bytes) kept_[row] = std::move(image);
    } catch (const Error& error) {
      reading.problem = error.what();
    }
  });
  const bool too_many = bytes > kept_bytes;
  std::vector<std::string> found;
  std::vector<ImageSize> sizes;
  std::string digests;
  for (size_t row = 0; row < readings.size(); ++row) {
    if (!readings[row].problem.empty()) {
      found.push_back(readings[row].problem);
      continue;
    }
    const size_t good = sizes.size();
    if (good != row) {
      dataset.examples[good] = std::move(dataset.examples[row]);
      sources_[good] = std::move(sources_[row]);
      kept_[good] = std::move(kept_[row]);
    }
    sizes.push_back(readings[row].size);
    digests += readings[row].digest;
  }
  skipped_ = static_cast<int64_t>(found.size());
  if (skipped_ > 0 && (on_error == OnError::kFail || sizes.empty()))
    throw InputError(unreadable(found, count));
  if (skipped_ > 0) first_problem_ = found.front();
  dataset.examples.resize(sizes.size());
  sources_.resize(sizes.size());
  kept_.resize(too_many ? 0 : sizes.size());
  for (size_t row = 0; row < kept_.size(); ++row) sources_[row].bytes.reset();
  digest_ = sha256_hex(digests);
  find_pixel_size(sizes);
}

void ImageSet::find_pixel_size(const std::vector<ImageSize>& sizes) {
  if (sizes.empty()) return;
  pixel_size_ = transform_.size().value_or(sizes.front());
  if (transform_.size()) return;
  const auto other =
      std::find_if(sizes.begin(), sizes.end(), [&](const auto& size) { return size != pixel_size_; });
  if (other == sizes.end()) return;
  const auto text = [](const ImageSize& size) {
    return std::to_string(size.width) + " x " + std::to_string(size.height);
  };
  throw InputError(sources_[other - sizes.begin()].name + ": has " + text(*other) + " pixels, " +
                   sources_.front().name + " " + text(pixel_size_) + "; set data.image_size");
}

std::string ImageSet::bytes_of(int64_t row) const {
  const auto& [name, bytes] = sources_[row];
  return bytes ? *bytes : read_file(name);
}

Image ImageSet::prepared(int64_t row) const {
  return transform_.prepared(decode_image(bytes_of(row), sources_[row].name));
}

torch::Tensor ImageSet::pixels(const std::vector<int64_t>& rows,
                               const std::optional<Augmentation>& augmentation, torch::Device device) const {
  const auto count = static_cast<int64_t>(rows.size());
  std::vector<Image> images(rows.size());
  for_each_row(count, [&](int64_t i) { images[i] = image(rows[i]); });
  const auto size = pixel_size_;
  torch::Tensor pixels = host_tensor({count, size.height, size.width, 3}, torch::kFloat32, device);
  auto* values = pixels.data_ptr<float>();
  for_each_row(count, [&](int64_t i) {
    const auto& image = images[i];
    const ImageView view = augmentation ? random_view(transform_, image, *augmentation, rows[i])
                                        : centre_view(transform_, image);
    write_pixels(transform_, image, view, values + i * size.height * size.width * 3);
  });
  return moved(pixels, device).permute({0, 3, 1, 2});
}

bool ImageSet::same_images(const ImageSet& other) const {
  const auto same_name = [](const Source& a, const Source& b) { return a.name == b.name; };
  return digest_ == other.digest_ && transform_ == other.transform_ && skipped_ == other.skipped_ &&
         first_problem_ == other.first_problem_ &&
         std::equal(sources_.begin(), sources_.end(), other.sources_.begin(), other.sources_.end(),
                    same_name);
}

ChannelStatistics ImageSet::statistics() const {
  std::array<double, 3> sum{}, squares{};
  std::mutex mutex;
  double count = 0;
  for_each_chunk((size() + kImagesAtOnce - 1) / kImagesAtOnce, 0, [&](int64_t chunk) {
    std::array<uint64_t, 3> own{}, own_squares{};
    uint64_t pixels = 0;
    for (int64_t row = chunk * kImagesAtOnce; row < std::min((chunk + 1) * kImagesAtOnce, size()); ++row) {
      const Image image = this->image(row);
      pixels += image.pixels.size() / 3;
      for (size_t i = 0; i < image.pixels.size(); ++i) {
        const uint64_t value = image.pixels[i];
        own[i % 3] += value;
        own_squares[i % 3] += value * value;
      }
    }
    const std::lock_guard<std::mutex> lock(mutex);
    count += static_cast<double>(pixels);
    for (size_t c = 0; c < 3; ++c) {
      sum[c] += static_cast<double>(own[c]);
      squares[c] += static_cast<double>(own_squares[c]);
    }
  });
  ChannelStatistics statistics;
  for (size_t c = 0; c < 3; ++c) {
    const double mean = sum[c] / count, variance = squares[c] / count - mean * mean;
    statistics.mean[c] = mean * transform_.rescale;
    statistics.deviation[c] =
        std::sqrt(std::max(variance, 1.0)) * transform_.rescale;  // a constant channel has none
  }
  return statistics;
}

void ImageSet::normalise(const ChannelStatistics& statistics) {
  transform_.mean = statistics.mean;
  transform_.deviation = statistics.deviation;
}

}  // namespace adaptune
