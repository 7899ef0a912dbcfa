#pragma once
// Comparison of the metrics with the scores that the reference libraries computed. A case folder holds
// case.json (kind "metrics", tolerances) and the golden file it names.

#include <cstdint>
#include <filesystem>
#include <string>

namespace adaptune {

struct GoldenScores {
  int64_t checked = 0;  // values compared
  int64_t failed = 0;
  double largest_error = 0;      // largest absolute difference of two defined scores
  std::string first_difference;  // "classification 'all wrong' matthews: got 0, golden -1"
};

// Knows the classification and the tagging form. Every value of the golden file is either an input or is
// compared; a form or key it does not know counts as a failure, as does an unreadable file.
GoldenScores compare_metrics(const std::filesystem::path& case_folder);

}  // namespace adaptune
