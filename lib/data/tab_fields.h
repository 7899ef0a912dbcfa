#pragma once

#include <string>
#include <vector>

namespace adaptune {

// What stands between the tabs of a line; one field where there is none.
std::vector<std::string> split_by_tabs(const std::string& line);

}  // namespace adaptune
