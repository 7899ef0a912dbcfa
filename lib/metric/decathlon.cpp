#include "metric/decathlon.h"

#include <algorithm>
#include <stdexcept>

namespace adaptune {
namespace {

double domain_score(double error, double baseline_error) {
  const double worst = 2 * baseline_error;
  if (worst <= 0) return error <= 0 ? 1000 : 0;  // a baseline without errors leaves no room for any
  const double share = std::max(0.0, worst - error) / worst;
  return 1000 * share * share;
}

}  // namespace

double decathlon_score(const std::vector<double>& errors, const std::vector<double>& baseline_errors) {
  if (errors.size() != baseline_errors.size())
    throw std::logic_error("as many errors as baselines are needed");
  double score = 0;
  for (size_t i = 0; i < errors.size(); ++i) score += domain_score(errors[i], baseline_errors[i]);
  return score;
}

}  // namespace adaptune
