#include "train/score_tracker.h"

#include <cmath>

#include "metric/metric.h"

namespace adaptune {

ScoreRule score_rule(const TrainOptions& options, const std::vector<std::string>& metrics) {
  ScoreRule rule;
  rule.metric = options.metric_for_best_model.value_or(metrics.empty() ? "loss" : metrics.front());
  const bool usual = rule.metric != "loss" && metric_by_name(rule.metric).greater_is_better;
  rule.greater_is_better = options.greater_is_better.value_or(usual);
  rule.patience = options.early_stopping_patience;
  rule.threshold = options.early_stopping_threshold;
  return rule;
}

bool track_score(BestScore& best, const ScoreRule& rule, std::optional<double> score, int64_t step) {
  const double sign = rule.greater_is_better ? 1 : -1;
  const bool better = score && std::isfinite(*score) && (!best.score || sign * *score > sign * *best.score);
  const bool renews = better && (!best.score || std::abs(*score - *best.score) > rule.threshold);
  best.stalled = renews ? 0 : best.stalled + 1;
  if (!better) return false;
  best.score = score;
  best.step = step;
  return true;
}

bool out_of_patience(const BestScore& best, const ScoreRule& rule) {
  return rule.patience && best.stalled >= *rule.patience;
}

}  // namespace adaptune
