#pragma once

#include <string>
#include <vector>

#include "core/config_errors.h"
#include "core/config_tree.h"

namespace adaptune {

// One change of the command line: "a.b.c=value" or "~a.b".
struct ConfigOverride {
  std::vector<std::string> path;    // keys from the top; empty when the text was wrong
  std::vector<ConfigPlace> places;  // of each key
  ConfigValuePtr value;             // null to remove
};

// Parses override `number` (from 1); what is wrong with it goes to `errors`.
ConfigOverride parse_override(const std::string& text, int number, ConfigErrors& errors);

// Sets or removes a key, creating mappings on the way. A way through a scalar or a list, and the removal of
// a key that is not there, are errors.
void apply_override(ConfigValue& root, const ConfigOverride& change, ConfigErrors& errors);

// Fills `value` up from `base`, mapping by mapping; scalars and lists of `value` win as they are.
void fill_up(ConfigValue& value, const ConfigValue& base);

}  // namespace adaptune
