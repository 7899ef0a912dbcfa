#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metric/metric.h"
#include "recipe/workspace.h"

namespace adaptune {

// TaskDescription::majority of a task with these labels. Empty for regression.
std::vector<std::string> majority_labels(const HeadSpec& head, const TaskSplit& train);
// The score of always answering with the task's majority. Empty for regression, where the metric is undefined
// for it, and where the description does not say it.
std::optional<double> majority_score(const TaskDescription& task, const EncodedSplit& rows,
                                     const std::string& metric);

}  // namespace adaptune
