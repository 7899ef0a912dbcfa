#include "metric/correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

namespace adaptune {
namespace {

bool has_correlation(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() != y.size()) {
    throw std::logic_error("correlation: series of " + std::to_string(x.size()) + " and " +
                           std::to_string(y.size()) + " values");
  }
  if (x.size() < 2) return false;
  const auto varies = [](const std::vector<double>& values) {
    return std::any_of(values.begin(), values.end(), [&](double v) { return v != values[0]; });
  };
  const auto finite = [](const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  };
  return finite(x) && finite(y) && varies(x) && varies(y);
}

// The deviations from the mean, scaled to length 1; empty when they vanish in rounding. Scaling by the
// largest value first keeps the sums of squares in range.
std::vector<double> unit_deviations(std::vector<double> values) {
  double largest = 0;
  for (double v : values) largest = std::max(largest, std::abs(v));
  for (double& v : values) v /= largest;
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / values.size();
  for (double& v : values) v -= mean;
  const double length = std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
  if (length == 0) return {};
  for (double& v : values) v /= length;
  return values;
}

}  // namespace

std::optional<double> pearson(const std::vector<double>& x, const std::vector<double>& y) {
  if (!has_correlation(x, y)) return std::nullopt;
  const std::vector<double> u = unit_deviations(x), v = unit_deviations(y);
  if (u.empty() || v.empty()) return std::nullopt;
  const double product = std::inner_product(u.begin(), u.end(), v.begin(), 0.0);
  return std::clamp(product, -1.0, 1.0);
}

std::optional<double> spearman(const std::vector<double>& x, const std::vector<double>& y) {
  if (!has_correlation(x, y)) return std::nullopt;
  return pearson(average_ranks(x), average_ranks(y));
}

std::vector<double> average_ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t last = first;
    while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
    for (size_t i = first; i <= last; ++i) ranks[order[i]] = (first + last) / 2.0 + 1;
    first = last + 1;
  }
  return ranks;
}

}  // namespace adaptune
