#pragma once

#include "recipe/console.h"
#include "recipe/run.h"

namespace adaptune {

// `adaptune train`, knowledge extraction: one adapter and head a task, each into its own folder; finished
// tasks are skipped. Returns the exit status.
int train(const RunFlags& flags, Console& console);

}  // namespace adaptune
