#include "metric/multi_label.h"

#include <stdexcept>
#include <string>

namespace adaptune {
namespace {

void check_shapes(const LabelSets& gold, const LabelSets& predicted) {
  if (gold.size() != predicted.size()) {
    throw std::logic_error("multi-label scores: " + std::to_string(predicted.size()) + " predictions for " +
                           std::to_string(gold.size()) + " gold label sets");
  }
  for (size_t i = 0; i < gold.size(); ++i) {
    if (gold[i].size() == gold[0].size() && predicted[i].size() == gold[0].size()) continue;
    throw std::logic_error("multi-label scores: example " + std::to_string(i) + " has " +
                           std::to_string(gold[i].size()) + " gold and " +
                           std::to_string(predicted[i].size()) + " predicted labels, the first one has " +
                           std::to_string(gold[0].size()));
  }
}

F1Counts count_labels(const std::vector<uint8_t>& gold, const std::vector<uint8_t>& predicted) {
  F1Counts counts;
  for (size_t c = 0; c < gold.size(); ++c) {
    counts.gold += gold[c] != 0;
    counts.predicted += predicted[c] != 0;
    counts.right += gold[c] != 0 && predicted[c] != 0;
  }
  return counts;
}

// Sums over examples; every example counts alike however many labels it has.
struct ExampleSums {
  int64_t exact = 0, with_prediction = 0, with_gold = 0;
  double precision = 0, recall = 0;

  void add(const F1Counts& counts) {
    exact += counts.right == counts.predicted && counts.right == counts.gold;
    with_prediction += counts.predicted > 0;
    with_gold += counts.gold > 0;
    precision += counts.precision();
    recall += counts.recall();
  }
  double loose_macro_f1() const {
    const double p = ratio_or_zero(precision, with_prediction);
    const double r = ratio_or_zero(recall, with_gold);
    return ratio_or_zero(2 * p * r, p + r);
  }
};

}  // namespace

std::optional<MultiLabelScores> multi_label_scores(const LabelSets& gold, const LabelSets& predicted) {
  check_shapes(gold, predicted);
  if (gold.empty()) return std::nullopt;
  MultiLabelScores scores{};
  scores.labels.resize(gold[0].size());
  F1Counts all;
  ExampleSums examples;
  for (size_t i = 0; i < gold.size(); ++i) {
    examples.add(count_labels(gold[i], predicted[i]));
    for (size_t c = 0; c < scores.labels.size(); ++c) {
      scores.labels[c].gold += gold[i][c] != 0;
      scores.labels[c].predicted += predicted[i][c] != 0;
      scores.labels[c].right += gold[i][c] != 0 && predicted[i][c] != 0;
    }
  }
  for (const F1Counts& label : scores.labels) {
    all.right += label.right;
    all.predicted += label.predicted;
    all.gold += label.gold;
    scores.f1_macro += label.f1() / scores.labels.size();
  }
  scores.accuracy = static_cast<double>(examples.exact) / gold.size();
  scores.f1_micro = all.f1();
  scores.loose_macro_f1 = examples.loose_macro_f1();
  return scores;
}

}  // namespace adaptune
