#pragma once
// Which rows are computed together, and when.

#include <cstdint>
#include <vector>

namespace adaptune {

struct BatchOptions {
  int64_t batch_size = 32;      // rows; the last batch of an epoch may have fewer
  bool group_by_length = true;  // rows of similar length share a batch, which saves padding
  uint64_t seed = 42;
};

// Training batches. The order of an epoch is a pure function of (lengths, options, epoch), so a run resumes
// anywhere by naming epoch and position. Grouping follows Hugging Face's LengthGroupedSampler: shuffled rows
// are cut into mega-batches of up to 50 batches, each sorted by length; then the batches are shuffled too.
// The batch with the longest row comes first, so that a lack of memory shows at once, the short one last.
class Batcher {
 public:
  // lengths [n]: tokens of each row. UsageError for a batch size below 1.
  Batcher(std::vector<int32_t> lengths, const BatchOptions& options);
  int64_t batches_per_epoch() const;
  // The row numbers of one batch; `position` from 0 within the epoch. Constant time within an epoch, the
  // first call for another one orders its rows. Not for several threads at once.
  std::vector<int64_t> batch(int64_t epoch, int64_t position);

 private:
  std::vector<int32_t> lengths_;
  BatchOptions options_;
  int64_t epoch_ = -1;         // the epoch of rows_
  std::vector<int64_t> rows_;  // [n] in the order of training
};

// Every row once, longest first: the numbers are the rows' places in the split, so results can be put
// back in order. UsageError for a batch size below 1.
std::vector<std::vector<int64_t>> evaluation_batches(const std::vector<int32_t>& lengths, int64_t batch_size);

}  // namespace adaptune
