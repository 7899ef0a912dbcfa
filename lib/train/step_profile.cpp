#include "train/step_profile.h"

#include "report/number_format.h"

namespace adaptune {

void StepProfile::add(double data_seconds, const StepLoss& loss, double optimizer_seconds,
                      double step_seconds) {
  if (++steps_ == 0) return;
  data_ += data_seconds;
  forward_ += loss.forward;
  backbone_ += loss.backbone;
  backward_ += loss.backward;
  optimizer_ += optimizer_seconds;
  total_ += step_seconds;
}

std::string StepProfile::text() const {
  if (steps_ <= 0) return "profile: no step after the first one";
  const auto share = [&](const char* name, double seconds) {
    return std::string(name) + " " + fixed(100 * seconds / total_, 1) + " %";
  };
  return "profile: " + share("data", data_) + "  " + share("forward", forward_) + " (" +
         share("backbone", backbone_) + ")  " + share("backward", backward_) + "  " +
         share("optimizer", optimizer_) + "  " +
         share("other", total_ - data_ - forward_ - backward_ - optimizer_) + "  of " +
         fixed(1000 * total_ / static_cast<double>(steps_), 1) + " ms a step (mean of " +
         std::to_string(steps_) + ")";
}

}  // namespace adaptune
