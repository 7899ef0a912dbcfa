#pragma once
// Runs golden cases and tells how each went.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace adaptune {

enum class Outcome { kPassed, kFailed, kSkipped };

struct CaseResult {
  Outcome outcome;
  std::string text;  // the largest error, or what is wrong
};

// Names of cases that may be skipped, with the capability each waits for: `name<TAB>capability` lines,
// '#' begins a comment line.
using NotYet = std::map<std::string, std::string>;
NotYet read_not_yet(const std::filesystem::path& file);

// The case folders under `folder`: its `cases/*`, or itself if it holds a case.json. In name order.
std::vector<std::filesystem::path> find_cases(const std::filesystem::path& folder);

// Runs one case from its case.json alone. A case in `not_yet` is skipped when it does not pass, and fails
// when it does.
CaseResult run_case(const std::filesystem::path& folder, const NotYet& not_yet);

}  // namespace adaptune
