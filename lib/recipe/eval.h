#pragma once

#include <string>

#include "recipe/console.h"
#include "recipe/run.h"

namespace adaptune {

struct EvalFlags {
  std::string split = "validation";  // validation | test
  std::string baseline;  // a run whose `eval` scored the fully fine-tuned networks: for the decathlon score
  int64_t mistakes = 0;  // so many of the worst mistakes are shown of each task with images
};

// `adaptune eval`: one table of majority, single adapter and fusion for every task that has been trained.
// Returns the exit status.
int eval(const RunFlags& flags, const EvalFlags& eval_flags, Console& console);

}  // namespace adaptune
