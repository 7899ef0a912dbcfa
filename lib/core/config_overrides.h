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

// Sets or removes a key, creating mappings on the way. What is put into a scalar becomes a mapping whose
// `base` is the scalar. A way through a list, and the removal of a key that is not there, are errors.
void apply_override(ConfigValue& root, const ConfigOverride& change, ConfigErrors& errors);

// Fills `value` up from `base`, mapping by mapping; scalars and lists of `value` win as they are. Of a scalar
// and a mapping, which only the reader knows how to join, the one becomes the other's `base`.
void fill_up(ConfigValue& value, const ConfigValuePtr& base);

// Makes a section of `value`, whose short form is the value of `short_key`.
void settle_section(ConfigValue& value, const std::string& short_key);
// The entry of a value that is no section, so that the command line can put no keys into its scalar: an
// error, and the scalar again.
void refuse_keys_in_scalar(ConfigEntry& entry, const std::string& path, ConfigErrors& errors);

}  // namespace adaptune
