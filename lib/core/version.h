#pragma once

#include <string>

namespace adaptune {

extern const char* const kVersion;  // "0.1.0", from CMake's project()
extern const char* const kCommit;   // "b159059-dirty", as git describes the sources; "" without git

std::string version_and_commit();  // "0.1.0 (b159059-dirty)"

}  // namespace adaptune
