#pragma once

namespace adaptune {

extern const char* const kVersion;  // "0.1.0", from CMake's project()

}  // namespace adaptune
