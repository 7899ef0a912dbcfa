#pragma once
// Scores of single-label classification, defined as in scikit-learn: undefined ratios count as 0, and
// averages run over the classes that occur among the gold labels or the predictions.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "metric/f1_counts.h"

namespace adaptune {

struct ClassificationScores {
  double accuracy;     // share of right predictions
  double matthews;     // in [-1, 1]; 0 when gold or predictions are constant
  double f1_micro;     // over all classes, hence equal to the accuracy
  double f1_macro;     // plain mean over classes
  double f1_weighted;  // mean weighted by the gold count of a class
  double precision_macro, recall_macro;
  std::map<int64_t, F1Counts> classes;  // by class
};

// All scores at once; empty without examples. `gold` and `predicted` are class numbers [n], of any
// value; std::logic_error when their lengths differ.
std::optional<ClassificationScores> classification_scores(const std::vector<int64_t>& gold,
                                                          const std::vector<int64_t>& predicted);

// F1 of one class against all others.
std::optional<double> f1_of_class(const std::vector<int64_t>& gold, const std::vector<int64_t>& predicted,
                                  int64_t positive);

}  // namespace adaptune
