#pragma once

#include <string>

#include "recipe/console.h"
#include "recipe/run.h"

namespace adaptune {

// `adaptune eval`: one table of majority, single adapter and fusion for every task that has been trained.
// `split` is validation or test. Returns the exit status.
int eval(const RunFlags& flags, const std::string& split, Console& console);

}  // namespace adaptune
