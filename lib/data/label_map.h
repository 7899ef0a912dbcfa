#pragma once
// Names of labels and their numbers.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/dataset.h"

namespace adaptune {

class LabelMap {
 public:
  LabelMap() = default;  // no labels: regression, prediction
  // Number i is names[i]. UsageError for an empty name or one given twice.
  explicit LabelMap(std::vector<std::string> names);

  int64_t size() const { return static_cast<int64_t>(names_.size()); }
  const std::vector<std::string>& names() const { return names_; }
  const std::string& name(int64_t number) const { return names_.at(static_cast<std::size_t>(number)); }
  std::optional<int64_t> find(const std::string& name) const;

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, int64_t> numbers_;
};

// The labels that occur in the training files (max_samples or not), sorted: by value if all are whole
// numbers, else by their bytes. InputError if a task with classes has fewer than two. Empty for kNumber,
// kHeads and without labels.
LabelMap labels_of(const Dataset& train);

// The numbers of every example's labels; kLabelSet: sorted, each once; none for kinds without named labels.
// InputError for the first example with an unknown label: "data/x.jsonl:104233: label 'contradicts' is not
// one of entailment, neutral, contradiction".
std::vector<std::vector<int64_t>> label_numbers(const Dataset& dataset, const LabelMap& labels);

// How often each label occurs, in the order of `labels`; kTags: in words, kLabelSet: in rows. Throws as
// label_numbers.
std::vector<int64_t> label_counts(const Dataset& dataset, const LabelMap& labels);

}  // namespace adaptune
