#include "metric/classification.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace adaptune {
namespace {

void check_lengths(const std::vector<int64_t>& gold, const std::vector<int64_t>& predicted) {
  if (gold.size() != predicted.size()) {
    throw std::logic_error("classification scores: " + std::to_string(predicted.size()) +
                           " predictions for " + std::to_string(gold.size()) + " gold labels");
  }
}

std::map<int64_t, F1Counts> count_classes(const std::vector<int64_t>& gold,
                                          const std::vector<int64_t>& predicted) {
  std::map<int64_t, F1Counts> counts;
  for (size_t i = 0; i < gold.size(); ++i) {
    ++counts[gold[i]].gold;
    ++counts[predicted[i]].predicted;
    if (gold[i] == predicted[i]) ++counts[gold[i]].right;
  }
  return counts;
}

// Gorodkin 2004: the correlation of gold and predicted one-hot vectors over any number of classes.
double matthews(const std::map<int64_t, F1Counts>& classes, double n) {
  double right = 0, both = 0, predicted_squares = 0, gold_squares = 0;
  for (const auto& [id, c] : classes) {
    right += c.right;
    both += static_cast<double>(c.predicted) * c.gold;
    predicted_squares += static_cast<double>(c.predicted) * c.predicted;
    gold_squares += static_cast<double>(c.gold) * c.gold;
  }
  const double spread = (n * n - predicted_squares) * (n * n - gold_squares);
  return ratio_or_zero(right * n - both, std::sqrt(spread));
}

}  // namespace

std::optional<ClassificationScores> classification_scores(const std::vector<int64_t>& gold,
                                                          const std::vector<int64_t>& predicted) {
  check_lengths(gold, predicted);
  if (gold.empty()) return std::nullopt;
  const double n = gold.size();
  ClassificationScores scores{};
  scores.classes = count_classes(gold, predicted);
  const double classes = scores.classes.size();
  int64_t right = 0;
  for (const auto& [id, counts] : scores.classes) {
    right += counts.right;
    scores.f1_macro += counts.f1() / classes;
    scores.f1_weighted += counts.f1() * counts.gold / n;
    scores.precision_macro += counts.precision() / classes;
    scores.recall_macro += counts.recall() / classes;
  }
  scores.accuracy = right / n;
  scores.f1_micro = scores.accuracy;
  scores.matthews = matthews(scores.classes, n);
  return scores;
}

std::optional<double> f1_of_class(const std::vector<int64_t>& gold, const std::vector<int64_t>& predicted,
                                  int64_t positive) {
  check_lengths(gold, predicted);
  if (gold.empty()) return std::nullopt;
  F1Counts counts;
  for (size_t i = 0; i < gold.size(); ++i) {
    counts.gold += gold[i] == positive;
    counts.predicted += predicted[i] == positive;
    counts.right += gold[i] == positive && predicted[i] == positive;
  }
  return counts.f1();
}

}  // namespace adaptune
