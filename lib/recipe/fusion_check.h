#pragma once

#include <vector>

#include "recipe/check.h"
#include "recipe/run.h"
#include "recipe/workspace.h"

namespace adaptune {

// That the fusion for `target` trains without dropout in the backbone where `cache` is to keep its states:
// UsageError.
void check_fusion_cache(const Run& run, const TaskConfig& target);
// What can be known of a run's fusions before its adapters are trained: that each target has adapters to fuse
// and that these can be fused, tasks by their configuration, folders by what is in them. None where the
// configuration asks for no fusion. The checks borrow both arguments.
std::vector<RunCheck> fusion_checks(const Run& run, Workspace& workspace);

}  // namespace adaptune
