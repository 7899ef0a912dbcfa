#pragma once

#include <functional>
#include <vector>

#include "recipe/workspace.h"

namespace adaptune {

// Something that can fail: throws an Error with its place.
using RunCheck = std::function<void()>;

// Everything that can fail before the first step: data, labels, metrics and lengths of all tasks and splits,
// layers and places of their adapters, the first batch of what is trained and validated on, and `more`. All
// that is wrong is named together.
void check_tasks(Workspace& workspace, const std::vector<const TaskConfig*>& tasks,
                 const std::vector<RunCheck>& more);

}  // namespace adaptune
