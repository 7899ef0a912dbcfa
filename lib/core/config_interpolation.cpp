#include "core/config_interpolation.h"

#include <unistd.h>

#include <cstdlib>

#include "core/environment_reference.h"
#include "core/text_distance.h"

namespace adaptune {
namespace {

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    names.push_back(text.substr(0, text.find('=')));
  }
  return names;
}

// The place of `part` in the scalar, where it can be found on the scalar's first line.
ConfigPlace place_of(const std::string& part, const ConfigPlace& scalar, const ConfigErrors& errors) {
  const auto found = errors.line(scalar.source, scalar.line).find(part, static_cast<size_t>(scalar.column));
  if (found == std::string_view::npos) return scalar;
  ConfigPlace place = scalar;
  place.column = static_cast<int>(found);
  place.length = static_cast<int>(part.size());
  return place;
}

std::string variable(const EnvironmentReference& reference, const std::string& written,
                     const ConfigPlace& scalar, ConfigErrors& errors) {
  const char* found = std::getenv(reference.name.c_str());
  if (found != nullptr && (*found != '\0' || !reference.fallback)) return found;
  if (reference.fallback) return *reference.fallback;
  const auto nearest = nearest_name(reference.name, environment_names());
  const std::string hint = "set it, or write ${" + reference.name + ":-default}";
  errors.add_syntax(place_of(written, scalar, errors),
                    "environment variable '" + reference.name + "' is not set",
                    nearest ? "did you mean '" + *nearest + "'? Else " + hint : hint, false);
  return "";
}

std::string interpolated(const std::string& text, const ConfigPlace& place, ConfigErrors& errors) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    if (text.compare(at, 3, "$${") == 0) {
      result += "${";
      at += 3;
    } else if (text.compare(at, 2, "${") != 0) {
      result += text[at++];
    } else if (const auto reference = environment_reference_at(text, at)) {
      result += variable(*reference, text.substr(at, reference->length), place, errors);
      at += reference->length;
    } else {
      errors.add_syntax(place_of("${", place, errors), "'${' begins no variable in " + quoted_excerpt(text),
                        "write ${NAME} or ${NAME:-default}, or $${ for a plain ${", false);
      return text;
    }
  }
  return result;
}

}  // namespace

void interpolate_environment(ConfigValue& value, ConfigErrors& errors) {
  const size_t errors_before = errors.count();
  if (value.kind == ConfigKind::kScalar) value.text = interpolated(value.text, value.place, errors);
  value.unreadable = errors.count() > errors_before;
  if (value.base) interpolate_environment(*value.base, errors);
  for (auto& entry : value.entries) interpolate_environment(*entry.value, errors);
  for (auto& item : value.items) interpolate_environment(*item, errors);
}

std::string without_references(std::string text) {
  for (size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 3))
    text.insert(at, "$");
  return text;
}

}  // namespace adaptune
