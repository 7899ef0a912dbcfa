#include "train/step_rate.h"

namespace adaptune {
namespace {

constexpr double kKept = 0.98;  // half of the weight lies on the last 34 steps

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

}  // namespace

void StepRate::add(double seconds, int64_t examples, int64_t tokens) {
  seconds_ = kKept * seconds_ + seconds;
  examples_ = kKept * examples_ + static_cast<double>(examples);
  tokens_ = kKept * tokens_ + static_cast<double>(tokens);
}

double StepRate::examples_per_second() const { return ratio(examples_, seconds_); }
double StepRate::tokens_per_second() const { return ratio(tokens_, seconds_); }

}  // namespace adaptune
