#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "image/transform.h"

namespace adaptune {

// Which random changes training images get, and the random numbers of one epoch: those of an image are the
// same however it is read.
struct Augmentation {
  bool random_crop = false, horizontal_flip = false;
  uint64_t seed = 0;
  int64_t epoch = 0;
};

struct ChannelStatistics {
  std::array<double, 3> mean{}, deviation{};
};

// The images of a split, read and prepared; in memory as long as all of them fit into `kept_bytes`, else read
// from their files again and again.
class ImageSet {
 public:
  // What to do with images that cannot be read: InputError naming the first ones and their number, or leave
  // their rows out.
  enum class OnError { kFail, kSkip };

  // Reads every image once, on all cores. The rows that could not be read are taken out of `dataset`, and
  // counted in `skipped`, with the first reason. InputError where `transform` leaves images of several sizes.
  ImageSet(Dataset& dataset, const ImageTransform& transform, OnError on_error,
           int64_t kept_bytes = int64_t{4} << 30);

  // [B, 3, H, W] float32 on `device`, channels last in memory.
  torch::Tensor pixels(const std::vector<int64_t>& rows, const std::optional<Augmentation>& augmentation,
                       torch::Device device = torch::kCPU) const;

  // A row's image before it is cropped and normalised, and where it came from.
  Image image(int64_t row) const { return kept_.empty() ? prepared(row) : kept_[row]; }
  const std::string& name(int64_t row) const { return sources_[row].name; }
  int64_t size() const { return static_cast<int64_t>(sources_.size()); }
  ImageSize pixel_size() const { return pixel_size_; }   // of what is read, of every image
  const std::string& digest() const { return digest_; }  // SHA-256 of all files' bytes, in their order
  // The same files, read and prepared alike.
  bool same_images(const ImageSet& other) const;
  int64_t skipped() const { return skipped_; }
  const std::string& first_problem() const { return first_problem_; }
  const ImageTransform& transform() const { return transform_; }
  // Mean and deviation by channel, of the rescaled values of all prepared images: for networks that do not
  // say how they are to be normalised.
  ChannelStatistics statistics() const;
  void normalise(const ChannelStatistics& statistics);

 private:
  struct Source {
    std::string name;  // a file's path, or that of a member of an archive
    std::optional<std::string> bytes;
  };
  std::string bytes_of(int64_t row) const;
  Image prepared(int64_t row) const;
  void find_pixel_size(const std::vector<ImageSize>& sizes);

  ImageTransform transform_;
  std::vector<Source> sources_;
  std::vector<Image> kept_;  // by row; empty: too many
  ImageSize pixel_size_;
  std::string digest_;
  int64_t skipped_ = 0;
  std::string first_problem_;
};

}  // namespace adaptune
