#pragma once

#include <cstdint>
#include <string>

#include "train/gradients.h"

namespace adaptune {

// Where the time of training steps goes. The first step is left out: it packs weights and builds kernels.
class StepProfile {
 public:
  // `data`: what the step waited for its batches.
  void add(double data_seconds, const StepLoss& loss, double optimizer_seconds, double step_seconds);
  // "profile: data 0.3 %  forward 41.0 % (backbone 30.1 %)  ...  of 236 ms a step (mean of 24)"
  std::string text() const;

 private:
  int64_t steps_ = -1;  // counted, after the first
  double data_ = 0, forward_ = 0, backbone_ = 0, backward_ = 0, optimizer_ = 0, total_ = 0;
};

}  // namespace adaptune
