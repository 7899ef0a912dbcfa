#pragma once

#include <string>

#include "core/error.h"

namespace adaptune {

// How a command ended: its exit status and what it says about it.
struct Failure {
  ExitCode code;
  std::string text;  // "error: ..." with place and remedy
};
// Of the exception being handled. `verbose`: with where an internal error came from.
Failure current_failure(bool verbose);

}  // namespace adaptune
