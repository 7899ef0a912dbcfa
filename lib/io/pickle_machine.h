#pragma once

#include <string>
#include <string_view>

#include "io/pickle_value.h"

namespace adaptune {

// Runs a pickle program (protocols 2 to 5) on a machine that knows only what a state dict needs. The
// tree borrows from `program`. Throws InputError, beginning with `where`, for every other opcode or
// function and for a damaged program; memory stays in proportion to the program, whatever it says.
PickleTree run_pickle_program(std::string_view program, const std::string& where);

}  // namespace adaptune
