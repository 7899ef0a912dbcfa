#pragma once

#include <vector>

namespace adaptune {

// Visual Decathlon score (Rebuffi et al. 2017, section 4): over the domains
//   sum of 1000 (max(0, E_max - E) / E_max)^2,  E_max twice the baseline's error,
// so that the baseline itself gets 250 a domain, and no error 1000. Errors in [0, 1]; as many of each.
double decathlon_score(const std::vector<double>& errors, const std::vector<double>& baseline_errors);

}  // namespace adaptune
