#pragma once
// Bootstrap confidence intervals of a score over the examples of a split (Efron & Tibshirani 1993,
// percentile method). The same seed gives the same numbers on every machine.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

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

// Score of the examples `rows` (with repetitions); empty where undefined.
using RowScore = std::function<std::optional<double>(const std::vector<int64_t>& rows)>;

// Empty when the score of all examples, or of all but one resample, is undefined. std::logic_error for
// options out of range.
std::optional<BootstrapResult> bootstrap(int64_t examples, const RowScore& score,
                                         const BootstrapOptions& options = {});

// Interval of one metric. Examples are sentences for tags.
std::optional<BootstrapResult> bootstrap_metric(const Metric& metric, const Predictions& predictions,
                                                const BootstrapOptions& options = {});

// Interval of score(second) - score(first), both scored on the same resamples (Koehn 2004). Zero outside
// the interval: a difference at that level. InputError when the two were not predicted on the same examples.
std::optional<BootstrapResult> bootstrap_difference(const Metric& metric, const Predictions& first,
                                                    const Predictions& second,
                                                    const BootstrapOptions& options = {});

int64_t example_count(const Predictions& predictions);
// The examples `rows`, in that order.
Predictions pick_rows(const Predictions& all, const std::vector<int64_t>& rows);

}  // namespace adaptune
