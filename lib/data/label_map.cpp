#include "data/label_map.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/joined.h"
#include "core/text_distance.h"

namespace adaptune {
namespace {

std::optional<int64_t> whole_number(const std::string& text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

void sort_labels(std::vector<std::string>& names) {
  const auto is_whole = [](const std::string& name) { return whole_number(name).has_value(); };
  std::sort(names.begin(), names.end());
  if (!std::all_of(names.begin(), names.end(), is_whole)) return;
  std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return *whole_number(a) < *whole_number(b);
  });
}

// All names, or of many the first ones, their number and the one that may be meant.
std::string choices(const LabelMap& labels, const std::string& label) {
  constexpr std::size_t kMost = 40;
  if (labels.names().size() <= kMost) return joined(labels.names());
  const auto first = labels.names().begin();
  const std::optional<std::string> nearest = nearest_name(label, labels.names());
  return joined({first, first + kMost}) + ", ... (" + std::to_string(labels.size()) + " labels)" +
         (nearest ? "; did you mean '" + *nearest + "'?" : "");
}

[[noreturn]] void throw_unknown(const Dataset& dataset, const Example& example, std::size_t index,
                                const LabelMap& labels) {
  const std::string& label = example.labels[index];
  std::string what = "label " + shortened(label);
  if (dataset.kind == LabelKind::kTags) {
    what += " of word " + std::to_string(index + 1) + ", " + shortened(example.words[index]) + ",";
  }
  throw InputError(dataset.where(example) + ": " + what + " is not one of " + choices(labels, label));
}

}  // namespace

LabelMap::LabelMap(std::vector<std::string> names) : names_(std::move(names)) {
  for (const std::string& name : names_) {
    if (name.empty()) throw UsageError("a label has no name");
    if (!numbers_.emplace(name, numbers_.size()).second) {
      throw UsageError("label '" + name + "' is given twice");
    }
  }
}

std::optional<int64_t> LabelMap::find(const std::string& name) const {
  const auto found = numbers_.find(name);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

LabelMap labels_of(const Dataset& train) {
  const bool named =
      train.kind == LabelKind::kClass || train.kind == LabelKind::kLabelSet || train.kind == LabelKind::kTags;
  if (!named || !train.labelled) return {};
  std::vector<std::string> names = train.label_names;
  const std::string file = train.files.front().path.string();
  if (names.empty()) {
    throw InputError(file + ": no example has a label in column '" + train.columns.label + "'");
  }
  if (names.size() == 1 && train.kind != LabelKind::kLabelSet) {
    throw InputError(file + ": every example has the label " + shortened(names.front()) + " in column '" +
                     train.columns.label + "'; two different ones are needed to learn from");
  }
  sort_labels(names);
  return LabelMap(std::move(names));
}

std::vector<std::vector<int64_t>> label_numbers(const Dataset& dataset, const LabelMap& labels) {
  std::vector<std::vector<int64_t>> result(dataset.examples.size());
  if (dataset.kind == LabelKind::kAnswers) return result;
  for (std::size_t row = 0; row < result.size(); ++row) {
    const Example& example = dataset.examples[row];
    result[row].reserve(example.labels.size());
    for (std::size_t i = 0; i < example.labels.size(); ++i) {
      const std::optional<int64_t> number = labels.find(example.labels[i]);
      if (!number) throw_unknown(dataset, example, i, labels);
      result[row].push_back(*number);
    }
    if (dataset.kind != LabelKind::kLabelSet) continue;
    std::sort(result[row].begin(), result[row].end());
    result[row].erase(std::unique(result[row].begin(), result[row].end()), result[row].end());
  }
  return result;
}

std::vector<int64_t> label_counts(const Dataset& dataset, const LabelMap& labels) {
  std::vector<int64_t> counts(static_cast<std::size_t>(labels.size()), 0);
  for (const std::vector<int64_t>& numbers : label_numbers(dataset, labels))
    for (const int64_t number : numbers) ++counts[static_cast<std::size_t>(number)];
  return counts;
}

}  // namespace adaptune
