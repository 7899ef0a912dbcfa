#include "data/collate.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

namespace adaptune {
namespace {

constexpr int64_t kNoTag = -100;

// Makes the tensors of one batch.
class Collation {
 public:
  Collation(const EncodedSplit& split, const std::vector<int64_t>& rows, const torch::Device& device)
      : split_(split), rows_(rows), device_(device), size_(static_cast<int64_t>(rows.size())) {
    for (const int64_t row : rows) {
      TORCH_CHECK(row >= 0 && row < split.size(), "row ", row, " of a split of ", split.size());
      longest_ = std::max<int64_t>(longest_, split.length(row));
      shortest_ = std::min<int64_t>(shortest_, split.length(row));
    }
  }

  bool padded() const { return shortest_ < longest_; }

  // One value a token from an array over all tokens: [B, T] int64.
  template <typename T>
  torch::Tensor tokens(const std::vector<T>& values, int64_t padding) const {
    torch::Tensor result = host_tensor({size_, longest_}, torch::kInt64);
    int64_t* target = result.data_ptr<int64_t>();
    for (const int64_t row : rows_) {
      const auto begin = values.begin() + split_.row_starts[row];
      std::copy(begin, begin + split_.length(row), target);
      std::fill(target + split_.length(row), target + longest_, padding);
      target += longest_;
    }
    return moved(result);
  }

  torch::Tensor mask() const {
    torch::Tensor result = host_tensor({size_, longest_}, torch::kInt64);
    int64_t* target = result.data_ptr<int64_t>();
    for (const int64_t row : rows_) {
      std::fill(target, target + split_.length(row), 1);
      std::fill(target + split_.length(row), target + longest_, 0);
      target += longest_;
    }
    return moved(result);
  }

  torch::Tensor labels() const {
    switch (split_.kind) {
      case LabelKind::kClass:
        return row_values<int64_t>(split_.classes, torch::kInt64);
      case LabelKind::kNumber:
        return row_values<float>(split_.values, torch::kFloat32);
      case LabelKind::kLabelSet:
        return label_sets();
      case LabelKind::kTags:
        return tokens(split_.tags, kNoTag);
    }
    return {};
  }

 private:
  torch::Tensor host_tensor(at::IntArrayRef shape, torch::ScalarType type) const {
    return torch::empty(shape, torch::TensorOptions(type).pinned_memory(device_.is_cuda()));
  }
  torch::Tensor moved(const torch::Tensor& host) const { return host.to(device_, /*non_blocking=*/true); }

  template <typename T>
  torch::Tensor row_values(const std::vector<T>& values, torch::ScalarType type) const {
    torch::Tensor result = host_tensor({size_}, type);
    T* target = result.data_ptr<T>();
    for (const int64_t row : rows_) *target++ = values[row];
    return moved(result);
  }

  torch::Tensor label_sets() const {
    torch::Tensor result = host_tensor({size_, split_.label_count}, torch::kFloat32);
    float* target = result.data_ptr<float>();
    for (const int64_t row : rows_) {
      const auto begin = split_.label_sets.begin() + row * split_.label_count;
      target = std::copy(begin, begin + split_.label_count, target);
    }
    return moved(result);
  }

  const EncodedSplit& split_;
  const std::vector<int64_t>& rows_;
  torch::Device device_;
  int64_t size_;
  int64_t longest_ = 0;
  int64_t shortest_ = std::numeric_limits<int64_t>::max();
};

}  // namespace

Batch collate(const EncodedSplit& split, const std::vector<int64_t>& rows, int32_t pad_id,
              const torch::Device& device) {
  TORCH_CHECK(!rows.empty(), "a batch needs at least one row");
  const Collation collation(split, rows, device);
  Batch batch;
  batch.input_ids = collation.tokens(split.ids, pad_id);
  if (!split.type_ids.empty()) batch.token_type_ids = collation.tokens(split.type_ids, 0);
  if (collation.padded()) batch.attention_mask = collation.mask();
  if (split.labelled) batch.labels = collation.labels();
  return batch;
}

}  // namespace adaptune
