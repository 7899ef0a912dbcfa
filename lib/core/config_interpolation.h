#pragma once

#include <string>

#include "core/config_errors.h"
#include "core/config_tree.h"

namespace adaptune {

// Replaces ${VAR} and ${VAR:-default} (used when VAR is unset or empty) in every scalar under `value`, and
// $${ by ${. The result is text: it is not read as YAML again. An unset variable without a default, and a
// ${ that begins no reference, are errors, which leave the scalar unreadable.
void interpolate_environment(ConfigValue& value, ConfigErrors& errors);

// `text` written such that interpolation gives it back.
std::string without_references(std::string text);

}  // namespace adaptune
