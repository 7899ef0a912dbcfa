#pragma once
// Precision, recall and F1 from counts; every ratio without a denominator is 0.

#include <cstdint>

namespace adaptune {

inline double ratio_or_zero(double part, double whole) { return whole == 0 ? 0.0 : part / whole; }

struct F1Counts {
  int64_t right = 0;  // predicted and gold
  int64_t predicted = 0;
  int64_t gold = 0;  // the support

  double precision() const { return ratio_or_zero(right, predicted); }
  double recall() const { return ratio_or_zero(right, gold); }
  // The harmonic mean of precision and recall: 2 right / (predicted + gold).
  double f1() const { return ratio_or_zero(2.0 * right, static_cast<double>(predicted) + gold); }
  bool operator==(const F1Counts&) const = default;
};

}  // namespace adaptune
