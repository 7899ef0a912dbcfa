#pragma once

#include <string>

#include "report/results.h"

namespace adaptune {

// The score of `results` with the errors in the results.json of `baseline_folder`, which `eval` wrote for the
// same split. UsageError for another split, and naming the tasks that have no accuracy in both.
DecathlonResult decathlon_of(const SuiteResults& results, const std::string& baseline_folder);

}  // namespace adaptune
