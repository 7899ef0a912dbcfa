#include "metric/metric.h"

#include <algorithm>
#include <stdexcept>

#include "core/error.h"
#include "core/joined.h"
#include "core/text_distance.h"
#include "metric/classification.h"
#include "metric/correlation.h"
#include "metric/multi_label.h"
#include "metric/semeval.h"
#include "metric/span_f1.h"

namespace adaptune {
namespace {

using Score = std::optional<double>;
using Names = std::vector<std::string>;

template <typename Scores>
Score field(const std::optional<Scores>& scores, double Scores::*member) {
  return scores ? Score((*scores).*member) : std::nullopt;
}

Score of_classes(const Predictions& p, double ClassificationScores::*member) {
  return field(classification_scores(p.gold_classes, p.classes), member);
}

Score of_sets(const Predictions& p, double MultiLabelScores::*member) {
  return field(multi_label_scores(p.gold_label_sets, p.label_sets), member);
}

bool has_sets(const Predictions& p) { return !p.label_sets.empty() || !p.gold_label_sets.empty(); }
bool has_tags(const Predictions& p) { return !p.tags.empty() || !p.gold_tags.empty(); }

// Share of right words over all sentences.
Score tag_accuracy(const Predictions& p) {
  int64_t right = 0, words = 0;
  if (p.tags.size() != p.gold_tags.size()) throw std::logic_error("accuracy: unequal numbers of sentences");
  for (size_t i = 0; i < p.tags.size(); ++i) {
    const auto &tags = p.tags[i], &gold = p.gold_tags[i];
    if (tags.size() != gold.size()) throw std::logic_error("accuracy: unequal numbers of tags");
    words += gold.size();
    for (size_t j = 0; j < gold.size(); ++j) right += tags[j] == gold[j];
  }
  return words == 0 ? Score() : Score(static_cast<double>(right) / words);
}

Score accuracy(const Predictions& p) {
  if (has_tags(p)) return tag_accuracy(p);
  if (has_sets(p)) return of_sets(p, &MultiLabelScores::accuracy);
  return of_classes(p, &ClassificationScores::accuracy);
}

// Share of examples whose right class is among the five likeliest.
Score top5(const Predictions& p) {
  if (p.gold_ranks.empty()) return std::nullopt;
  const auto right =
      std::count_if(p.gold_ranks.begin(), p.gold_ranks.end(), [](int64_t rank) { return rank < 5; });
  return static_cast<double>(right) / static_cast<double>(p.gold_ranks.size());
}

// Of one label an example, precision and recall are whether it is right.
Score loose_macro_f1(const Predictions& p) {
  return has_sets(p) ? of_sets(p, &MultiLabelScores::loose_macro_f1) : accuracy(p);
}

void check_binary(int64_t class_count) {
  if (class_count <= 2) return;
  throw ValueError("metric", "f1 scores two classes, class 1 against class 0, and the task has " +
                                 std::to_string(class_count) + "; use f1_macro or f1_micro");
}

Score f1(const Predictions& p) {
  check_binary(p.class_count);
  return f1_of_class(p.gold_classes, p.classes, 1);
}

Score f1_macro(const Predictions& p) {
  if (has_sets(p)) return of_sets(p, &MultiLabelScores::f1_macro);
  return of_classes(p, &ClassificationScores::f1_macro);
}

Score f1_micro(const Predictions& p) {
  if (has_sets(p)) return of_sets(p, &MultiLabelScores::f1_micro);
  return of_classes(p, &ClassificationScores::f1_micro);
}

Score matthews_correlation(const Predictions& p) { return of_classes(p, &ClassificationScores::matthews); }
Score pearsonr(const Predictions& p) { return pearson(p.values, p.gold_values); }
Score spearmanr(const Predictions& p) { return spearman(p.values, p.gold_values); }
Score directed_f1(const Predictions& p) { return semeval_f1(p.class_names, p.gold_classes, p.classes); }
Score entity_f1(const Predictions& p) { return seqeval_f1(p.gold_tags, p.tags); }

}  // namespace

const std::vector<Metric>& metric_table() {
  const std::string classes = "classification", sets = "multilabel_classification";
  const std::string images = "image_classification", entity = "entity_classification",
                    pair = "entity_pair_classification";
  static const std::vector<Metric> table{
      {"accuracy", true, {classes, images, sets, "tagging", entity, pair}, accuracy},
      {"top5", true, {classes, images, pair}, top5},
      {"f1", true, {classes, images, pair}, f1},
      {"f1_macro", true, {classes, images, sets, entity, pair}, f1_macro},
      {"f1_micro", true, {classes, images, sets, entity, pair}, f1_micro},
      {"loose_macro_f1", true, {sets, entity}, loose_macro_f1},
      {"semeval_f1", true, {classes, pair}, directed_f1},
      {"uas", true, {"dependency_head"}, accuracy},
      {"precision_at_1", true, {"fact_cloze"}, accuracy},
      {"matthews_correlation", true, {classes, images, pair}, matthews_correlation},
      {"pearsonr", true, {"regression"}, pearsonr},
      {"spearmanr", true, {"regression"}, spearmanr},
      {"seqeval_f1", true, {"tagging"}, entity_f1},
  };
  return table;
}

const Metric& metric_by_name(const std::string& name) {
  for (const Metric& metric : metric_table()) {
    if (metric.name == name) return metric;
  }
  const auto nearest = nearest_name(name, metric_names());
  throw UsageError("metric '" + name + "' is not known; known: " + joined(metric_names()) +
                   (nearest ? "; did you mean '" + *nearest + "'?" : ""));
}

std::vector<std::string> metric_names() {
  Names names;
  for (const Metric& metric : metric_table()) names.push_back(metric.name);
  return names;
}

const Metric& metric_for_head(const std::string& name, const std::string& head_type, int64_t class_count) {
  const auto scores = [&](const Metric& metric) {
    return std::count(metric.head_types.begin(), metric.head_types.end(), head_type) > 0;
  };
  const Metric& metric = metric_by_name(name);
  if (!scores(metric)) {
    Names fitting;
    for (const Metric& other : metric_table()) {
      if (scores(other)) fitting.push_back(other.name);
    }
    throw UsageError("metric '" + name + "' cannot score a task of type " + head_type + "; " +
                     (fitting.empty() ? "no metric can" : "metrics of that type: " + joined(fitting)));
  }
  if (name == "f1") check_binary(class_count);
  return metric;
}

std::vector<std::pair<std::string, std::optional<double>>> score_all(const std::vector<std::string>& names,
                                                                     const Predictions& predictions) {
  std::vector<std::pair<std::string, Score>> scores;
  for (const std::string& name : names) scores.emplace_back(name, metric_by_name(name).score(predictions));
  return scores;
}

std::string default_metric(const std::string& head_type) {
  if (head_type == "classification" || head_type == "image_classification") return "accuracy";
  if (head_type == "multilabel_classification" || head_type == "entity_classification") return "f1_micro";
  if (head_type == "entity_pair_classification") return "f1_micro";
  if (head_type == "dependency_head") return "uas";
  if (head_type == "fact_cloze") return "precision_at_1";
  if (head_type == "regression") return "spearmanr";
  if (head_type == "tagging") return "seqeval_f1";
  throw UsageError("task type '" + head_type + "' has no usual metric; set `metric`, one of " +
                   joined(metric_names()));
}

}  // namespace adaptune
