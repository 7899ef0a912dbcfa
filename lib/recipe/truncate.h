#pragma once

#include <cstdint>
#include <string>

#include "recipe/console.h"

namespace adaptune {

struct TruncateFlags {
  std::string folder, output, model;
  int64_t rank = 0;
  bool joint = false;  // one basis for the tasks of a run
};

// `adaptune truncate`: adapters of limited rank from the residual adapters of a run, all of its tasks, as
// <output>/<task>/adapter. Returns the exit status.
int truncate(const TruncateFlags& flags, Console& console);

}  // namespace adaptune
