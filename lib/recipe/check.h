#pragma once

#include "recipe/workspace.h"

namespace adaptune {

// Everything that can fail before the first step: data, labels, metrics and lengths of all tasks, layers and
// places of their adapters, and the first batch of every split. All wrong tasks are named together.
// `exported`: another library must be able to express them.
void check_tasks(Workspace& workspace, const std::vector<const TaskConfig*>& tasks, bool exported);

}  // namespace adaptune
