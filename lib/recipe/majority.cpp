#include "recipe/majority.h"

#include <algorithm>
#include <iterator>

namespace adaptune {
namespace {

void answer_tags(const std::vector<std::string>& labels, const EncodedSplit& rows, const std::string& answer,
                 Predictions& predictions) {
  for (int64_t row = 0; row < rows.size(); ++row) {
    auto& gold = predictions.gold_tags.emplace_back();
    for (int64_t token = rows.row_starts[row]; token < rows.row_starts[row + 1]; ++token) {
      if (rows.tags[token] >= 0) gold.push_back(labels[rows.tags[token]]);
    }
    predictions.tags.emplace_back(gold.size(), answer);
  }
}

void answer_sets(const std::vector<std::string>& labels, const EncodedSplit& rows,
                 const std::vector<std::string>& majority, Predictions& predictions) {
  std::vector<uint8_t> answer;
  for (const auto& label : labels)
    answer.push_back(std::find(majority.begin(), majority.end(), label) != majority.end());
  for (int64_t row = 0; row < rows.size(); ++row) {
    const auto* gold = rows.label_sets.data() + row * rows.label_count;
    if (*gold == kNoSet) continue;
    predictions.gold_label_sets.emplace_back(gold, gold + rows.label_count);
    predictions.label_sets.push_back(answer);
  }
}

}  // namespace

std::vector<std::string> majority_labels(const HeadSpec& head, const TaskSplit& train) {
  const auto& counts = train.label_counts;
  std::vector<std::string> majority;
  if (counts.empty()) return majority;
  if (label_kind(head) != LabelKind::kLabelSet)
    return {head.labels[std::max_element(counts.begin(), counts.end()) - counts.begin()]};
  for (size_t i = 0; i < counts.size(); ++i) {
    if (2 * counts[i] > train.rows->size()) majority.push_back(head.labels[i]);
  }
  return majority;
}

std::optional<double> majority_score(const TaskDescription& task, const EncodedSplit& rows,
                                     const std::string& metric) {
  const auto& labels = task.head.labels;
  if (labels.empty()) return std::nullopt;
  if (rows.kind != LabelKind::kLabelSet && task.majority.empty()) return std::nullopt;
  Predictions predictions;
  predictions.class_count = static_cast<int64_t>(labels.size());
  predictions.class_names = labels;
  if (rows.kind == LabelKind::kLabelSet) {
    answer_sets(labels, rows, task.majority, predictions);
  } else if (rows.kind == LabelKind::kTags) {
    answer_tags(labels, rows, task.majority.front(), predictions);
  } else {
    const auto answer = LabelMap(labels).find(task.majority.front());
    if (!answer) return std::nullopt;
    std::copy_if(rows.classes.begin(), rows.classes.end(), std::back_inserter(predictions.gold_classes),
                 [](int64_t label) { return label != kNoLabel; });
    predictions.classes.assign(predictions.gold_classes.size(), *answer);
  }
  return metric_by_name(metric).score(predictions);
}

}  // namespace adaptune
