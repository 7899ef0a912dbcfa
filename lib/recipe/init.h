#pragma once

#include <string>
#include <vector>

#include "recipe/console.h"

namespace adaptune {

// What `init` writes: configurations, and the networks of init_network.h.
std::vector<std::string> template_names();
// `adaptune init TEMPLATE`: writes a commented configuration to `output` ("-": standard output). UsageError
// for an unknown template, or when the file exists. Networks are written by init_network.
int init(const std::string& name, const std::string& output, Console& console);

}  // namespace adaptune
