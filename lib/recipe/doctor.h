#pragma once

#include "recipe/console.h"

namespace adaptune {

// `adaptune doctor`: versions, devices, threads, kernels, process groups and disk, to paste into a bug
// report. Returns 0.
int doctor(Console& console);

}  // namespace adaptune
