#pragma once

#include <string>

#include "core/config_errors.h"
#include "core/config_tree.h"

namespace adaptune {

// A piece of YAML: a whole file, or the value of an override, which starts at `column` of its source.
struct YamlText {
  std::string text;
  int source = -1;
  int column = 0;
  bool whole_file = true;
};

// The tree of one YAML document. Problems go to `errors`: syntax, tabs, unclosed quotes, control characters,
// duplicate keys (the first is kept), merge keys, keys that are no names, a second document. Braces of
// ${VAR} may stand unquoted anywhere, also inside {...} and [...]. Never null; kNull for an empty text.
ConfigValuePtr parse_yaml(const YamlText& yaml, ConfigErrors& errors);

}  // namespace adaptune
