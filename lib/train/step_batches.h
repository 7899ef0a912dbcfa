#pragma once

#include <cstdint>
#include <vector>

#include "data/collate.h"

namespace adaptune {

// What one optimizer step is computed from.
struct StepBatches {
  std::vector<Batch> batches;  // one a micro-batch
  int64_t tokens = 0;          // without padding; an image counts as one
};

// `rows` of a split, at most `micro_rows` of them in one batch.
StepBatches make_step_batches(const EncodedSplit& split, const std::vector<int64_t>& rows, int64_t micro_rows,
                              const CollateOptions& options);

}  // namespace adaptune
