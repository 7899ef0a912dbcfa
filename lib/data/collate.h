#pragma once

#include <cstdint>
#include <vector>

#include "data/encoded.h"
#include "nn/batch.h"

namespace adaptune {

// Rows of a split as one batch on `device`, padded behind to the longest of them (copied from pinned memory
// to a CUDA device, without waiting). attention_mask is undefined when no row is padded, token_type_ids when
// the split has one type only, labels when the split has none. Padding is `pad_id`, type 0, tag -100.
// `rows` must not be empty.
Batch collate(const EncodedSplit& split, const std::vector<int64_t>& rows, int32_t pad_id,
              const torch::Device& device);

}  // namespace adaptune
