#pragma once

#include <filesystem>
#include <string>

#include "core/error.h"

namespace adaptune {

// The error of a failed system call: "<absolute path>: cannot <action>: <reason>; <remedy>". `code` is an
// errno value.
IoError io_failure(const std::filesystem::path& path, const std::string& action, int code);

}  // namespace adaptune
