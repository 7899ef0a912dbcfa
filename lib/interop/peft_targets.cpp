#include "interop/peft_targets.h"

#include <algorithm>
#include <regex>

namespace adaptune {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

PeftTargets::Modules PeftTargets::read(JsonFields& fields, const std::string& key) {
  Modules modules;
  if (!fields.raw(key).is_string()) {
    modules.names = fields.texts(key, {});
    return modules;
  }
  modules.is_pattern = true;
  modules.pattern = fields.text(key, "");
  try {
    (void)std::regex(modules.pattern);
  } catch (const std::regex_error& error) {
    fields.fail(key, "is no regular expression known here: \"" + modules.pattern + "\": " + error.what());
  }
  return modules;
}

PeftTargets::PeftTargets(JsonFields& fields)
    : excluded_(read(fields, "exclude_modules")), feedforward_(read(fields, "feedforward_modules")) {
  if (!fields.has("target_modules")) fields.fail("target_modules", "is missing");
  all_linear_ = fields.raw("target_modules") == "all-linear";
  if (!all_linear_) targets_ = read(fields, "target_modules");
  if (fields.raw("layers_to_transform").is_number_integer()) {
    layers_ = {fields.integer("layers_to_transform", 0)};
  } else {
    for (const int64_t layer : fields.integers("layers_to_transform")) layers_.insert(layer);
  }
  if (!fields.raw("layers_pattern").is_string()) {
    layers_patterns_ = fields.texts("layers_pattern", {});
  } else if (const std::string pattern = fields.text("layers_pattern", ""); !pattern.empty()) {
    layers_patterns_ = {pattern};
  }
}

// The whole name, or its end after a dot.
bool PeftTargets::holds(const Modules& modules, const std::string& module) {
  if (modules.is_pattern) return std::regex_match(module, std::regex(modules.pattern));
  return std::any_of(modules.names.begin(), modules.names.end(), [&](const std::string& name) {
    return module == name || ends_with(module, "." + name);
  });
}

bool PeftTargets::in_layers(const std::string& module) const {
  if (layers_.empty()) return true;
  std::smatch match;
  const auto layer_by = [&](const std::string& pattern) {
    return std::regex_search(module, match, std::regex("^" + pattern));
  };
  const bool found =
      layers_patterns_.empty()
          ? layer_by(R"(.*\.[^.]*\.(\d+)\.)")
          : std::any_of(layers_patterns_.begin(), layers_patterns_.end(),
                        [&](const std::string& name) { return layer_by(".*\\." + name + R"(\.(\d+)\.)"); });
  return found && layers_.count(std::stoll(match[1])) > 0;
}

bool PeftTargets::adapts(const std::string& module) const {
  if (holds(excluded_, module)) return false;
  if (all_linear_) return true;
  // PEFT does not look at the layers when the targets are a regular expression.
  return holds(targets_, module) && (targets_.is_pattern || in_layers(module));
}

bool PeftTargets::is_feedforward(const std::string& module) const {
  if (feedforward_.is_pattern) return holds(feedforward_, module);
  return std::any_of(feedforward_.names.begin(), feedforward_.names.end(),
                     [&](const std::string& name) { return ends_with(module, name); });
}

}  // namespace adaptune
