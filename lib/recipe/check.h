#pragma once

#include "recipe/console.h"
#include "recipe/run.h"
#include "recipe/workspace.h"

namespace adaptune {

// Everything that can fail before the first step: data, labels, metrics and lengths of all tasks, layers and
// places of their adapters, and the first batch of every split. All wrong tasks are named together.
// `exported`: another library must be able to express them.
void check_tasks(Workspace& workspace, const std::vector<const TaskConfig*>& tasks, bool exported);
// Bytes a run writes at most: checkpoints with optimizer state, adapters, logs.
uint64_t needed_disk_bytes(Workspace& workspace, const std::vector<const TaskConfig*>& tasks);
// Prints what would be trained, the table of parameters as the result, and returns 0.
int report_check(const Run& run, Workspace& workspace, const std::vector<const TaskConfig*>& tasks,
                 Console& console);

// `adaptune check`.
int check(const RunFlags& flags, Console& console);

}  // namespace adaptune
