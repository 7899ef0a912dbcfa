#pragma once

#include <string>

namespace adaptune {

// Settings that differ between two texts of "key: value" lines nested by indentation, as
// ConfigDocument::resolved() writes them: "\n  - task.data.quoted: false\n  + task.data.quoted: true" and so
// on, by full path and in the order of the texts; empty when both say the same. A line without a key goes
// on with the value above it.
std::string identity_difference(const std::string& before, const std::string& now);

}  // namespace adaptune
