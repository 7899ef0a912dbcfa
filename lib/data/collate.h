#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/encoded.h"
#include "data/image_set.h"
#include "nn/batch.h"

namespace adaptune {

class ActivationCache;

struct CollateOptions {
  int32_t pad_id = 0;
  torch::Device device = torch::kCPU;
  bool padded = false;  // every row to the longest of them, for adapters that read padding
  const ActivationCache* trunk =
      nullptr;  // the split's states that a pass goes on from: becomes Batch::trunk
  std::optional<Augmentation> augmentation = {};  // of images; empty: as in evaluation
};

// Rows of a split as one batch, copied from pinned memory to a CUDA device, without waiting. token_type_ids
// is undefined when the split has one type only, labels when the split has none. Padding is `pad_id`, type 0,
// tag -100. `rows` must not be empty.
Batch collate(const EncodedSplit& split, const std::vector<int64_t>& rows, const CollateOptions& options);
// Its labels alone.
torch::Tensor collate_labels(const EncodedSplit& split, const std::vector<int64_t>& rows,
                             const CollateOptions& options);

}  // namespace adaptune
