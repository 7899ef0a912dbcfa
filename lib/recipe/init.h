#pragma once

#include <string>
#include <vector>

#include "recipe/console.h"

namespace adaptune {

std::vector<std::string> template_names();
// `adaptune init TEMPLATE`: writes a commented configuration to `output` ("-": standard output). UsageError
// for an unknown template, or when the file exists.
int init(const std::string& name, const std::string& output, Console& console);

}  // namespace adaptune
