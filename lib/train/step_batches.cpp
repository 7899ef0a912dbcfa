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

StepBatches BatchStream::take(int64_t step) {
  if (ahead_ != step && next_.valid()) next_.wait();
  StepBatches batches = ahead_ == step && next_.valid() ? next_.get() : make_(step);
  ahead_ = step + 1;
  if (ahead_ < end_) next_ = std::async(std::launch::async, make_, ahead_);
  return batches;
}

}  // namespace adaptune
