#pragma once
// Correlation of two series. Empty where it is undefined: fewer than two points, a constant series, or
// a value that is not finite. std::logic_error when the lengths differ.

#include <optional>
#include <vector>

namespace adaptune {

// Linear correlation, in [-1, 1].
std::optional<double> pearson(const std::vector<double>& x, const std::vector<double>& y);
// Linear correlation of the ranks, in [-1, 1]; tied values share the mean of their ranks.
std::optional<double> spearman(const std::vector<double>& x, const std::vector<double>& y);

// Ranks from 1, ties averaged [n]. Values must be finite.
std::vector<double> average_ranks(const std::vector<double>& values);

}  // namespace adaptune
