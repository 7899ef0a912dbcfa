#include "golden_metrics.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "metric/classification.h"
#include "metric/correlation.h"
#include "metric/multi_label.h"
#include "metric/span_f1.h"

namespace adaptune {
namespace {

using nlohmann::json;
using Classes = std::vector<int64_t>;
using Values = std::map<std::string, json>;  // computed, by the golden file's names

json read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  return json::parse(file);
}

json or_null(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }

class Comparison {
 public:
  explicit Comparison(double tolerance) : tolerance_(tolerance) {}

  void fail(const std::string& difference) {
    ++scores.checked;
    note(difference);
  }

  // Compares numbers within the tolerance, everything else exactly, containers entry by entry.
  void compare(const std::string& what, const json& got, const json& golden) {
    if (got.is_number() && golden.is_number()) return compare_numbers(what, got, golden);
    if (got.is_object() && golden.is_object()) return compare_entries(what, got, golden);
    ++scores.checked;
    if (got != golden) note(what + ": got " + got.dump() + ", golden " + golden.dump());
  }

  GoldenScores scores;

 private:
  void compare_numbers(const std::string& what, double got, double golden) {
    ++scores.checked;
    const double error = std::abs(got - golden);
    scores.largest_error = std::max(scores.largest_error, error);
    if (!(error <= tolerance_)) note(what + ": got " + json(got).dump() + ", golden " + json(golden).dump());
  }

  void compare_entries(const std::string& what, const json& got, const json& golden) {
    for (const auto& [key, value] : golden.items()) {
      if (got.contains(key)) {
        compare(what + " " + key, got[key], value);
      } else {
        fail(what + " " + key + ": no such score here");
      }
    }
    for (const auto& [key, value] : got.items()) {
      if (!golden.contains(key)) fail(what + " " + key + ": not in the golden file");
    }
  }

  void note(const std::string& difference) {
    ++scores.failed;
    if (scores.first_difference.empty()) scores.first_difference = difference;
  }

  double tolerance_;
};

// Compares what the golden entry holds besides its inputs; computed values it lacks are not asked for.
void compare_entry(Comparison& comparison, const std::string& group, const json& entry, const Values& got) {
  const std::vector<std::string> inputs{"name", "labels", "predictions", "x", "y"};
  const std::string place = group + " '" + entry.at("name").get<std::string>() + "' ";
  for (const auto& [key, golden] : entry.items()) {
    if (std::count(inputs.begin(), inputs.end(), key) > 0) continue;
    const auto found = got.find(key);
    if (found == got.end()) {
      comparison.fail(place + key + ": no such score here");
    } else {
      comparison.compare(place + key, found->second, golden);
    }
  }
}

Values class_scores(const json& entry) {
  const auto gold = entry.at("labels").get<Classes>(), predicted = entry.at("predictions").get<Classes>();
  const auto scores = classification_scores(gold, predicted);
  if (!scores) return {{"undefined", true}};
  json per_class = json::object();
  for (const auto& [id, counts] : scores->classes) per_class[std::to_string(id)] = counts.f1();
  return {{"undefined", false},
          {"accuracy", scores->accuracy},
          {"matthews", scores->matthews},
          {"f1_micro", scores->f1_micro},
          {"f1_macro", scores->f1_macro},
          {"f1_weighted", scores->f1_weighted},
          {"precision_macro", scores->precision_macro},
          {"recall_macro", scores->recall_macro},
          {"f1_per_class", per_class},
          {"f1_binary", or_null(f1_of_class(gold, predicted, 1))}};
}

Values correlations(const json& entry) {
  const auto x = entry.at("x").get<std::vector<double>>(), y = entry.at("y").get<std::vector<double>>();
  return {{"pearson", or_null(pearson(x, y))}, {"spearman", or_null(spearman(x, y))}};
}

Values set_scores(const json& entry) {
  const auto gold = entry.at("labels").get<LabelSets>(), predicted = entry.at("predictions").get<LabelSets>();
  const auto scores = multi_label_scores(gold, predicted);
  if (!scores) return {{"undefined", true}};
  return {{"undefined", false},
          {"f1_micro", scores->f1_micro},
          {"f1_macro_over_labels", scores->f1_macro},
          {"strict_accuracy", scores->accuracy},
          {"loose_macro_f1", scores->loose_macro_f1},
          {"loose_micro_f1", scores->f1_micro}};
}

json span_json(const TagLists& tags) {
  json spans = json::array();
  for (const Span& span : read_spans(tags)) spans.push_back({span.type, span.first, span.last});
  return spans;
}

json span_score_json(const TagLists& gold, const TagLists& predicted, SpanMode mode) {
  const SpanScores scores = span_scores(gold, predicted, mode);
  json types = json::object();
  for (const auto& [type, c] : scores.types) {
    types[type] = {
        {"precision", c.precision()}, {"recall", c.recall()}, {"f1-score", c.f1()}, {"support", c.gold}};
  }
  return {{"precision", scores.all.precision()},
          {"recall", scores.all.recall()},
          {"f1", scores.all.f1()},
          {"f1_macro", or_null(scores.f1_macro)},
          {"per_type", types}};
}

Values tag_scores(const json& entry) {
  const auto gold = entry.at("labels").get<TagLists>(), predicted = entry.at("predictions").get<TagLists>();
  return {{"default", span_score_json(gold, predicted, SpanMode::kLenient)},
          {"strict", span_score_json(gold, predicted, SpanMode::kStrict)},
          {"entities", {{"labels", span_json(gold)}, {"predictions", span_json(predicted)}}}};
}

using Scorer = Values (*)(const json& entry);

void compare_group(Comparison& comparison, const std::string& group, const json& entries, Scorer score) {
  if (!entries.is_array() || entries.empty()) return comparison.fail(group + ": no list of cases");
  for (const json& entry : entries) compare_entry(comparison, group, entry, score(entry));
}

bool is_tagging(const json& golden) {
  return golden.is_array() && !golden.empty() && golden[0].is_object() && golden[0].contains("entities");
}

void compare_golden(Comparison& comparison, const json& golden) {
  const std::map<std::string, Scorer> groups{
      {"classification", class_scores}, {"correlation", correlations}, {"multilabel", set_scores}};
  if (is_tagging(golden)) return compare_group(comparison, "tagging", golden, tag_scores);
  if (!golden.is_object() || golden.empty()) return comparison.fail("golden file of an unknown form");
  for (const auto& [group, entries] : golden.items()) {
    const auto found = groups.find(group);
    if (found == groups.end()) {
      comparison.fail("group '" + group + "' is not known");
    } else {
      compare_group(comparison, group, entries, found->second);
    }
  }
}

}  // namespace

GoldenScores compare_metrics(const std::filesystem::path& case_folder) {
  Comparison comparison(0);
  try {
    const json description = read_json(case_folder / "case.json");
    const std::string kind = description.at("kind");
    if (kind != "metrics") throw std::runtime_error("kind '" + kind + "' is not metrics");
    comparison = Comparison(description.at("tolerance").at("scores").get<double>());
    compare_golden(comparison, read_json(case_folder / description.at("golden").get<std::string>()));
  } catch (const std::exception& error) {
    comparison.fail(case_folder.filename().string() + ": " + error.what());
  }
  return comparison.scores;
}

}  // namespace adaptune
