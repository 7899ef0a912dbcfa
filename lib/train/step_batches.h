#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <vector>

#include "data/collate.h"

namespace adaptune {

// What one optimizer step is computed from.
struct StepBatches {
  std::vector<Batch> batches;  // one a micro-batch
  int64_t tokens = 0;          // without padding
};

// `rows` of a split, at most `micro_rows` of them in one batch.
StepBatches make_step_batches(const EncodedSplit& split, const std::vector<int64_t>& rows, int64_t micro_rows,
                              const CollateOptions& options);

// Makes the next step's batches in a thread of its own while the present ones are computed with.
class BatchStream {
 public:
  // A pure function of the step, called for one step at a time.
  using Make = std::function<StepBatches(int64_t step)>;
  // Steps from `end` on are never made.
  BatchStream(Make make, int64_t end) : make_(std::move(make)), end_(end) {}
  // The batches of a step: those made ahead if it follows the last one that was taken. What `make` throws
  // passes on.
  StepBatches take(int64_t step);

 private:
  Make make_;
  int64_t end_, ahead_ = -1;
  std::future<StepBatches> next_;  // of step ahead_
};

}  // namespace adaptune
