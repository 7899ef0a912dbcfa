#include "metric/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include "core/error.h"

namespace adaptune {
namespace {

// Score of the examples `rows` (with repetitions); empty where undefined.
using RowScore = std::function<std::optional<double>(const std::vector<int64_t>& rows)>;

// std::uniform_int_distribution may differ between libraries; the generator itself may not.
int64_t draw_below(std::mt19937_64& generator, int64_t bound) {
  const uint64_t limit = std::mt19937_64::max() - std::mt19937_64::max() % bound;
  uint64_t value = generator();
  while (value >= limit) value = generator();
  return static_cast<int64_t>(value % bound);
}

// Quantile of sorted values, linear between neighbours.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * (sorted.size() - 1);
  const size_t below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

double standard_deviation(const std::vector<double>& values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / values.size();
  double squares = 0;
  for (double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / (values.size() - 1));
}

void check_options(const BootstrapOptions& options) {
  if (options.resamples < 2) throw std::logic_error("bootstrap: at least 2 resamples are needed");
  if (!(options.level > 0 && options.level < 1)) throw std::logic_error("bootstrap: level not in (0, 1)");
}

template <typename T>
std::vector<T> pick(const std::vector<T>& values, const std::vector<int64_t>& rows) {
  std::vector<T> picked;
  if (values.empty()) return picked;
  picked.reserve(rows.size());
  for (int64_t row : rows) picked.push_back(values.at(row));
  return picked;
}

int64_t example_count(const Predictions& predictions) {
  return std::max({predictions.gold_classes.size(), predictions.gold_label_sets.size(),
                   predictions.gold_values.size(), predictions.gold_tags.size()});
}

// The examples `rows`, in that order.
Predictions pick_rows(const Predictions& all, const std::vector<int64_t>& rows) {
  Predictions picked;
  picked.classes = pick(all.classes, rows);
  picked.gold_classes = pick(all.gold_classes, rows);
  picked.gold_ranks = pick(all.gold_ranks, rows);
  picked.label_sets = pick(all.label_sets, rows);
  picked.gold_label_sets = pick(all.gold_label_sets, rows);
  picked.values = pick(all.values, rows);
  picked.gold_values = pick(all.gold_values, rows);
  picked.tags = pick(all.tags, rows);
  picked.gold_tags = pick(all.gold_tags, rows);
  picked.class_count = all.class_count;
  picked.class_names = all.class_names;
  return picked;
}

std::optional<BootstrapResult> bootstrap(int64_t examples, const RowScore& score,
                                         const BootstrapOptions& options) {
  check_options(options);
  if (examples == 0) return std::nullopt;
  std::vector<int64_t> rows(examples);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const std::optional<double> estimate = score(rows);
  std::mt19937_64 generator(options.seed);
  std::vector<double> scores;
  for (int64_t i = 0; estimate && i < options.resamples; ++i) {
    for (int64_t& row : rows) row = draw_below(generator, examples);
    if (const auto value = score(rows)) scores.push_back(*value);
  }
  if (scores.size() < 2) return std::nullopt;
  std::sort(scores.begin(), scores.end());
  const double tail = (1 - options.level) / 2;
  return BootstrapResult{*estimate, standard_deviation(scores), quantile(scores, tail),
                         quantile(scores, 1 - tail), static_cast<int64_t>(scores.size())};
}

}  // namespace

std::optional<BootstrapResult> bootstrap_difference(const Metric& metric, const Predictions& first,
                                                    const Predictions& second,
                                                    const BootstrapOptions& options) {
  if (first.gold_classes != second.gold_classes || first.gold_label_sets != second.gold_label_sets ||
      first.gold_values != second.gold_values || first.gold_tags != second.gold_tags) {
    throw InputError("comparison by " + metric.name + ": the two were predicted on different examples (" +
                     std::to_string(example_count(first)) + " and " + std::to_string(example_count(second)) +
                     "); predict both on the same split");
  }
  const auto score = [&](const std::vector<int64_t>& rows) -> std::optional<double> {
    const auto before = metric.score(pick_rows(first, rows)), after = metric.score(pick_rows(second, rows));
    if (!before || !after) return std::nullopt;
    return *after - *before;
  };
  return bootstrap(example_count(first), score, options);
}

}  // namespace adaptune
