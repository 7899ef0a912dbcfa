#pragma once
// Which evaluation was the best, and when to stop waiting for a better one.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "train/train_options.h"

namespace adaptune {

// What counts as better.
struct ScoreRule {
  std::string metric;  // "loss", or a name of the metric table
  bool greater_is_better = true;
  std::optional<int64_t> patience;  // evaluations without a better score; empty: for ever
  double threshold = 0;             // a gain up to it does not renew the patience
};

// metric_for_best_model, else the first of `metrics`, else the loss. UsageError for an unknown metric.
ScoreRule score_rule(const TrainOptions& options, const std::vector<std::string>& metrics);

struct BestScore {
  std::optional<double> score;  // empty: no evaluation had a score
  int64_t step = 0;
  int64_t stalled = 0;  // evaluations since a better score
};

// Takes in the score of `step`; an undefined or infinite one is never better. Returns whether it is the best
// so far. Patience as in Hugging Face's EarlyStoppingCallback.
bool track_score(BestScore& best, const ScoreRule& rule, std::optional<double> score, int64_t step);
bool out_of_patience(const BestScore& best, const ScoreRule& rule);

}  // namespace adaptune
