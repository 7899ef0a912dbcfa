#pragma once

#include <cstdint>
#include <string>

namespace adaptune {

std::string thousands(int64_t number);  // "109 482 240", groups of three with a blank between

}  // namespace adaptune
