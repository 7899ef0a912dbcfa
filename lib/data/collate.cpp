#include "data/collate.h"

#include <torch/torch.h>

#include <algorithm>

#include "data/activation_cache.h"
#include "data/image_set.h"
#include "nn/host_tensor.h"

namespace adaptune {
namespace {

constexpr int64_t kNoTag = -100;

// Makes the tensors of one batch.
class Collation {
 public:
  Collation(const EncodedSplit& split, const std::vector<int64_t>& rows, const CollateOptions& options)
      : split_(split), rows_(rows), device_(options.device), size_(static_cast<int64_t>(rows.size())) {
    std::vector<int64_t> lengths;
    for (const int64_t row : rows) {
      TORCH_CHECK(row >= 0 && row < split.size(), "row ", row, " of a split of ", split.size());
      lengths.push_back(split.length(row));
    }
    layout_ = options.padded ? padded_tokens(lengths, device_) : packed_tokens(lengths, device_);
  }

  const Tokens& layout() const { return layout_; }

  // One value a token from an array over all tokens: [N] int64.
  template <typename T>
  torch::Tensor tokens(const std::vector<T>& values, int64_t padding) const {
    torch::Tensor result = host_tensor({layout_.size()}, torch::kInt64, device_);
    int64_t* target = result.data_ptr<int64_t>();
    for (int64_t b = 0; b < size_; ++b) {
      const Sequence& sequence = layout_.sequences[b];
      const auto begin = values.begin() + split_.row_starts[rows_[b]];
      std::copy(begin, begin + sequence.keys, target);
      std::fill(target + sequence.keys, target + sequence.length, padding);
      target += sequence.length;
    }
    return moved(result, device_);
  }

  // Rows of the stream; an entity that was cut off is looked for at the row's first token.
  torch::Tensor marks() const {
    torch::Tensor result = host_tensor({size_, split_.entities}, torch::kInt64, device_);
    int64_t* target = result.data_ptr<int64_t>();
    for (int64_t b = 0; b < size_; ++b) {
      for (int64_t m = 0; m < split_.entities; ++m)
        *target++ = layout_.sequences[b].begin + std::max(0, split_.marks[rows_[b] * split_.entities + m]);
    }
    return moved(result, device_);
  }

  torch::Tensor labels() const {
    switch (split_.kind) {
      case LabelKind::kClass:
        return row_values<int64_t>(split_.classes, torch::kInt64);
      case LabelKind::kNumber:
        return row_values<float>(split_.values, torch::kFloat32);
      case LabelKind::kLabelSet:
        return label_sets();
      case LabelKind::kAnswers:
        return answers();
      case LabelKind::kTags:
      case LabelKind::kHeads:
        return tokens(split_.tags, kNoTag);
    }
    return {};
  }

 private:
  template <typename T>
  torch::Tensor row_values(const std::vector<T>& values, torch::ScalarType type) const {
    torch::Tensor result = host_tensor({size_}, type, device_);
    T* target = result.data_ptr<T>();
    for (const int64_t row : rows_) *target++ = values[row];
    return moved(result, device_);
  }

  // [B, A], each row filled up with kNoLabel.
  torch::Tensor answers() const {
    int64_t most = 1;
    for (const int64_t row : rows_)
      most = std::max(most, split_.answer_starts[row + 1] - split_.answer_starts[row]);
    torch::Tensor result = host_tensor({size_, most}, torch::kInt64, device_);
    int64_t* target = result.data_ptr<int64_t>();
    for (const int64_t row : rows_) {
      const auto begin = split_.answers.begin() + split_.answer_starts[row];
      const auto end = split_.answers.begin() + split_.answer_starts[row + 1];
      std::fill(std::copy(begin, end, target), target + most, kNoLabel);
      target += most;
    }
    return moved(result, device_);
  }

  torch::Tensor label_sets() const {
    torch::Tensor result = host_tensor({size_, split_.label_count}, torch::kFloat32, device_);
    float* target = result.data_ptr<float>();
    for (const int64_t row : rows_) {
      const auto begin = split_.label_sets.begin() + row * split_.label_count;
      target = std::transform(begin, begin + split_.label_count, target, [](uint8_t value) {
        return value == kNoSet ? -1.0F : static_cast<float>(value);
      });
    }
    return moved(result, device_);
  }

  const EncodedSplit& split_;
  const std::vector<int64_t>& rows_;
  torch::Device device_;
  int64_t size_;
  Tokens layout_;
};

}  // namespace

torch::Tensor collate_labels(const EncodedSplit& split, const std::vector<int64_t>& rows,
                             const CollateOptions& options) {
  return split.labelled ? Collation(split, rows, options).labels() : torch::Tensor();
}

Batch collate(const EncodedSplit& split, const std::vector<int64_t>& rows, const CollateOptions& options) {
  TORCH_CHECK(!rows.empty(), "a batch needs at least one row");
  const Collation collation(split, rows, options);
  Batch batch;
  if (split.images) {
    batch.pixels = split.images->pixels(rows, options.augmentation, options.device);
    if (split.labelled) batch.labels = collation.labels();
    return batch;
  }
  batch.tokens = collation.layout();
  batch.input_ids = collation.tokens(split.ids, options.pad_id);
  if (!split.type_ids.empty()) batch.token_type_ids = collation.tokens(split.type_ids, 0);
  if (split.entities > 0) batch.marks = collation.marks();
  if (split.labelled) batch.labels = collation.labels();
  if (options.trunk) batch.trunk = options.trunk->states(rows, batch.tokens, options.device);
  return batch;
}

}  // namespace adaptune
