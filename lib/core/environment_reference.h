#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace adaptune {

// A reference to an environment variable in a text: ${NAME} or ${NAME:-fallback}.
struct EnvironmentReference {
  std::string name;
  std::optional<std::string> fallback;  // holds no brace and no line break
  size_t length = 0;                    // of the reference in the text, in bytes
};

// The reference that begins at text[position]; nothing when what stands there is none.
std::optional<EnvironmentReference> environment_reference_at(const std::string& text, size_t position);

// YAML reads the braces of an unquoted ${NAME} inside {...} and [...] as its own. So for the parser they are
// replaced by control characters, which no YAML text may hold; lengths and so all places stay the same.
std::string without_braces(const std::string& yaml);
// The inverse, for the texts the parser returns.
std::string with_braces(std::string text);

}  // namespace adaptune
