#pragma once

#include <optional>
#include <string>

#include "metric/metric.h"
#include "recipe/workspace.h"

namespace adaptune {

// The score of always answering with the most frequent training label: of a label set, with the labels that
// more than half of the training rows have. Empty for regression, and where the metric is undefined for it.
std::optional<double> majority_score(const TaskData& data, const TaskSplit& split, const std::string& metric);

}  // namespace adaptune
