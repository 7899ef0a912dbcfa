#pragma once
// Scores of multi-label classification, where every example has a set of labels.

#include <cstdint>
#include <optional>
#include <vector>

#include "metric/f1_counts.h"

namespace adaptune {

using LabelSets = std::vector<std::vector<uint8_t>>;  // [n][C], 0 or 1

struct MultiLabelScores {
  double accuracy;  // share of examples whose whole set is right ("strict")
  double f1_micro;  // over all decisions ("loose micro" of entity typing)
  double f1_macro;  // mean over the C labels; a label never seen counts 0
  // Entity typing (Ling & Weld 2012, "loose macro"): F1 of the mean precision over examples with a
  // prediction and the mean recall over examples with a gold label.
  double loose_macro_f1;
  std::vector<F1Counts> labels;  // [C]
};

// Empty without examples. std::logic_error when the two shapes differ.
std::optional<MultiLabelScores> multi_label_scores(const LabelSets& gold, const LabelSets& predicted);

}  // namespace adaptune
