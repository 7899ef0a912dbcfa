#pragma once

#include <string>
#include <vector>

namespace adaptune {

// The texts in their order: "text, label, id".
std::string joined(const std::vector<std::string>& texts, const std::string& between = ", ");

}  // namespace adaptune
