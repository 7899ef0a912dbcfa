#pragma once

#include "recipe/console.h"
#include "recipe/run.h"

namespace adaptune {

// `adaptune fuse`, knowledge composition: for each target a fusion over the trained adapters and a head,
// backbone and adapters frozen. `flags.tasks` selects targets. Returns the exit status.
int fuse(const RunFlags& flags, Console& console);

}  // namespace adaptune
