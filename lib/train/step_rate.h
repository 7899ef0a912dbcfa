#pragma once

#include <cstdint>

namespace adaptune {

// Speed of the last steps, later ones weighing more.
class StepRate {
 public:
  void add(double seconds, int64_t examples, int64_t tokens);
  double examples_per_second() const;
  double tokens_per_second() const;
  double seconds_per_step() const;  // 0 before the first step

 private:
  double seconds_ = 0, examples_ = 0, tokens_ = 0, steps_ = 0;  // sums that fade
};

}  // namespace adaptune
