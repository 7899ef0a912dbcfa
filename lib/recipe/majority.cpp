#include "recipe/majority.h"

#include <algorithm>

namespace adaptune {
namespace {

void answer_tags(const TaskData& data, const EncodedSplit& rows, int64_t answer, Predictions& predictions) {
  const auto& labels = data.head.labels;
  for (int64_t row = 0; row < rows.size(); ++row) {
    auto& gold = predictions.gold_tags.emplace_back();
    for (int64_t token = rows.row_starts[row]; token < rows.row_starts[row + 1]; ++token) {
      if (rows.tags[token] >= 0) gold.push_back(labels[rows.tags[token]]);
    }
    predictions.tags.emplace_back(gold.size(), labels[answer]);
  }
}

void answer_sets(const TaskData& data, const EncodedSplit& rows, Predictions& predictions) {
  std::vector<uint8_t> answer;
  for (const int64_t count : data.train.label_counts) answer.push_back(2 * count > data.train.rows->size());
  for (int64_t row = 0; row < rows.size(); ++row) {
    const auto* gold = rows.label_sets.data() + row * rows.label_count;
    predictions.gold_label_sets.emplace_back(gold, gold + rows.label_count);
    predictions.label_sets.push_back(answer);
  }
}

}  // namespace

std::optional<double> majority_score(const TaskData& data, const TaskSplit& split,
                                     const std::string& metric) {
  const auto& counts = data.train.label_counts;
  const auto& rows = *split.rows;
  if (counts.empty()) return std::nullopt;
  const int64_t answer = std::max_element(counts.begin(), counts.end()) - counts.begin();
  Predictions predictions;
  predictions.class_count = static_cast<int64_t>(counts.size());
  switch (rows.kind) {
    case LabelKind::kClass:
      predictions.gold_classes = rows.classes;
      predictions.classes.assign(rows.classes.size(), answer);
      break;
    case LabelKind::kLabelSet:
      answer_sets(data, rows, predictions);
      break;
    case LabelKind::kTags:
      answer_tags(data, rows, answer, predictions);
      break;
    case LabelKind::kNumber:
      return std::nullopt;
  }
  return metric_by_name(metric).score(predictions);
}

}  // namespace adaptune
