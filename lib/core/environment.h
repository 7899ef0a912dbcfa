#pragma once

#include <string>
#include <vector>

namespace adaptune {

// The first of the variables that is set and not empty; "" when none is.
std::string first_environment(const std::vector<std::string>& names);

}  // namespace adaptune
