#pragma once
// Scores of predictions, by the names of Hugging Face `evaluate`.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adaptune {

// What a head predicted and what was right, for a whole split. A head fills the pair of fields its kind
// uses; a metric reads them.
struct Predictions {
  std::vector<int64_t> classes, gold_classes;  // classification [n]
  std::vector<int64_t> gold_ranks;             // [n]: how many classes were held likelier than the right one
  std::vector<double> losses;                  // [n]: -log of the right class's probability
  std::vector<std::vector<uint8_t>> label_sets, gold_label_sets;  // multi-label [n][C], 0 or 1
  std::vector<double> values, gold_values;                        // regression [n]
  std::vector<std::vector<std::string>> tags, gold_tags;          // tagging [n][words]
  int64_t class_count = 0;
  std::vector<std::string> class_names;  // classification [C], where they are known
};

struct Metric {
  std::string name;  // "accuracy", "f1", ...
  bool greater_is_better;
  std::vector<std::string> head_types;                 // head types it can score
  std::optional<double> (*score)(const Predictions&);  // empty: undefined (constant input, no entity)
};

// The table of all metrics; f1 is binary with class 1 positive (for two classes), as in `evaluate`: scoring
// more classes with it is a UsageError. `accuracy` of label sets counts whole sets, of tags single words.
const std::vector<Metric>& metric_table();
const Metric& metric_by_name(const std::string& name);  // UsageError with the known names
std::vector<std::string> metric_names();
// metric_by_name, and a UsageError when it cannot score that head type (naming those that can) or that
// number of classes: the check before training.
const Metric& metric_for_head(const std::string& name, const std::string& head_type, int64_t class_count);
// All scores of a table's names at once, in the order of `names`; undefined ones are empty.
std::vector<std::pair<std::string, std::optional<double>>> score_all(const std::vector<std::string>& names,
                                                                     const Predictions& predictions);
// The usual metric of a head type: accuracy, f1_micro, spearmanr, seqeval_f1. UsageError for an unknown type.
std::string default_metric(const std::string& head_type);

}  // namespace adaptune
