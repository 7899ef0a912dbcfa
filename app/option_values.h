#pragma once
// Checks of options' values, which refuse one in the words of the configuration's errors.

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace adaptune {

CLI::Validator integer_from_on(int64_t least);
// The message lists `known` and the nearest of them.
CLI::Validator one_name_of(const std::vector<std::string>& known);

}  // namespace adaptune
