#include "core/environment.h"

#include <cstdlib>

namespace adaptune {

std::string first_environment(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

}  // namespace adaptune
