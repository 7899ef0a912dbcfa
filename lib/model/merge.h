#pragma once

#include "model/task_adapter.h"

namespace adaptune {

// Writes what a task's adapters and overrides compute in evaluation into the tensors of the backbone, by way
// of float64: from then on the backbone alone computes the same. ValueError at `merge` naming the first
// adapter that is not such a map. The adapter must be detached; the backbone is changed for good.
void merge_into(const TaskAdapter& adapter, Backbone& backbone);

}  // namespace adaptune
