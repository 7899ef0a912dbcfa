#pragma once

#include <set>
#include <string>
#include <vector>

#include "interop/json_fields.h"

namespace adaptune {

// Which modules of a model a PEFT configuration adapts, by PEFT's own rules over full module names.
class PeftTargets {
 public:
  // Reads target_modules, exclude_modules, layers_to_transform, layers_pattern and feedforward_modules.
  explicit PeftTargets(JsonFields& fields);

  // `module` is the full name: "bert.encoder.layer.0.attention.self.query".
  bool adapts(const std::string& module) const;
  // IA3: whether the module's input is scaled instead of its output.
  bool is_feedforward(const std::string& module) const;

 private:
  // A list of names, or a regular expression for the whole name.
  struct Modules {
    bool is_pattern = false;
    std::string pattern;
    std::vector<std::string> names;
  };
  static Modules read(JsonFields& fields, const std::string& key);
  static bool holds(const Modules& modules, const std::string& module);
  bool in_layers(const std::string& module) const;

  Modules targets_, excluded_, feedforward_;
  bool all_linear_ = false;
  std::set<int64_t> layers_;  // empty: all
  std::vector<std::string> layers_patterns_;
};

}  // namespace adaptune
