#pragma once
// Bootstrap confidence interval of a difference of scores over the examples of a split (Efron & Tibshirani
// 1993, percentile method). The same seed gives the same numbers on every machine.

#include <cstdint>
#include <optional>

#include "metric/metric.h"

namespace adaptune {

struct BootstrapOptions {
  int64_t resamples = 1000;
  double level = 0.95;  // share of resamples inside the interval, in (0, 1)
  uint64_t seed = 42;
};

struct BootstrapResult {
  double estimate;        // on the examples as they are
  double standard_error;  // standard deviation over the resamples
  double low, high;       // the interval
  int64_t defined;        // resamples with a defined score; the others are left out
};

// Interval of score(second) - score(first), both scored on the same resamples (Koehn 2004). Zero outside
// the interval: a difference at that level. Examples are sentences for tags. Empty when the difference on all
// examples, or on all but one resample, is undefined. InputError when the two were not predicted on the same
// examples, std::logic_error for options out of range.
std::optional<BootstrapResult> bootstrap_difference(const Metric& metric, const Predictions& first,
                                                    const Predictions& second,
                                                    const BootstrapOptions& options = {});

}  // namespace adaptune
