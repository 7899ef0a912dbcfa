#pragma once
// Learning rates over a run. The factors are those of Hugging Face's schedules of the same names.

#include <cstdint>
#include <vector>

#include "train/train_options.h"

namespace adaptune {

// Where a factor is asked for, in optimizer steps: `step` have been done before.
struct SchedulePoint {
  int64_t step = 0, total = 0, warmup = 0;
  std::vector<int64_t> milestones = {};  // of multistep, ascending
};

// Linear rise from 0 over the warm-up in all of them, then
double linear_factor(const SchedulePoint& point);    // a line to 0 at `total`
double cosine_factor(const SchedulePoint& point);    // half a cosine to 0 at `total`
double constant_factor(const SchedulePoint& point);  // 1 (Hugging Face: constant_with_warmup)
double inverse_sqrt_factor(
    const SchedulePoint& point);  // sqrt(w / step), w: the warm-up, or 10,000 steps without one

double multistep_factor(const SchedulePoint& point);  // a tenth from each milestone on

// warmup_steps, or the share of `total` rounded up.
int64_t warmup_steps(const TrainOptions& options, int64_t total);

class Schedule {
 public:
  // UsageError for an unknown type.
  Schedule(const TrainOptions& options, int64_t total_steps, int64_t steps_per_epoch);
  // Of the optimizer step that follows `step` done ones.
  double learning_rate(int64_t step) const { return base_ * factor_({step, total_, warmup_, milestones_}); }
  int64_t warmup() const { return warmup_; }

 private:
  double base_;
  int64_t total_, warmup_;
  std::vector<int64_t> milestones_;
  double (*factor_)(const SchedulePoint&);
};

}  // namespace adaptune
