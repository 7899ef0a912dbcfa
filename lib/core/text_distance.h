#pragma once
// Nearest names for "did you mean" hints.

#include <optional>
#include <string>
#include <vector>

namespace adaptune {

// Edit distance with transpositions (optimal string alignment).
int edit_distance(const std::string& a, const std::string& b);
// The closest of `known`, if it is close enough to be a likely slip (distance at most a third of the
// longer name, at least 1). First one wins on ties.
std::optional<std::string> nearest_name(const std::string& name, const std::vector<std::string>& known);

}  // namespace adaptune
