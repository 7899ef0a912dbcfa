#include "train/step_batches.h"

#include <torch/torch.h>

#include <algorithm>

namespace adaptune {

StepBatches make_step_batches(const EncodedSplit& split, const std::vector<int64_t>& rows, int64_t micro_rows,
                              const CollateOptions& options) {
  StepBatches step;
  const auto size = static_cast<int64_t>(rows.size());
  for (int64_t begin = 0; begin < size; begin += micro_rows) {
    const std::vector<int64_t> micro(rows.begin() + begin, rows.begin() + std::min(begin + micro_rows, size));
    step.batches.push_back(collate(split, micro, options));
    for (const int64_t row : micro) step.tokens += split.length(row);
  }
  return step;
}

}  // namespace adaptune
