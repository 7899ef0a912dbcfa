#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "core/error.h"

namespace adaptune {
namespace {

constexpr int64_t kInverseSqrtSteps = 10000;  // Hugging Face's timescale of a run without warm-up

struct NamedFactor {
  const char* name;
  double (*factor)(const SchedulePoint&);
};

constexpr NamedFactor kFactors[] = {{"linear", linear_factor},
                                    {"cosine", cosine_factor},
                                    {"constant", constant_factor},
                                    {"inverse_sqrt", inverse_sqrt_factor},
                                    {"multistep", multistep_factor}};

double share(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(std::max<int64_t>(1, whole));
}

std::optional<double> rise(const SchedulePoint& point) {
  if (point.step >= point.warmup) return std::nullopt;
  return share(point.step, point.warmup);
}

}  // namespace

double linear_factor(const SchedulePoint& point) {
  return rise(point).value_or(std::max(0.0, share(point.total - point.step, point.total - point.warmup)));
}

double cosine_factor(const SchedulePoint& point) {
  const double progress = share(point.step - point.warmup, point.total - point.warmup);
  return rise(point).value_or(std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * progress))));
}

double constant_factor(const SchedulePoint& point) { return rise(point).value_or(1); }

double inverse_sqrt_factor(const SchedulePoint& point) {
  const int64_t timescale = point.warmup > 0 ? point.warmup : kInverseSqrtSteps;
  const double moved = share(point.step + timescale - point.warmup, timescale);
  return rise(point).value_or(1 / std::sqrt(moved));
}

double multistep_factor(const SchedulePoint& point) {
  const auto& milestones = point.milestones;
  const auto passed = std::upper_bound(milestones.begin(), milestones.end(), point.step) - milestones.begin();
  return rise(point).value_or(std::pow(0.1, static_cast<double>(passed)));
}

int64_t warmup_steps(const TrainOptions& options, int64_t total) {
  if (options.warmup_steps) return *options.warmup_steps;
  return static_cast<int64_t>(
      std::ceil(static_cast<double>(total) * options.warmup_ratio.value_or(usual_warmup_ratio(options))));
}

Schedule::Schedule(const TrainOptions& options, int64_t total_steps, int64_t steps_per_epoch)
    : base_(options.learning_rate),
      total_(total_steps),
      warmup_(warmup_steps(options, total_steps)),
      factor_(nullptr) {
  for (const int64_t epoch : options.lr_milestones) milestones_.push_back(epoch * steps_per_epoch);
  for (const auto& [name, factor] : kFactors) {
    if (options.lr_scheduler_type == name) factor_ = factor;
  }
  if (!factor_) throw UsageError("lr_scheduler_type '" + options.lr_scheduler_type + "' is not known");
}

}  // namespace adaptune
