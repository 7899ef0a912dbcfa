#include "core/environment_reference.h"

#include <algorithm>

namespace adaptune {
namespace {

constexpr char kOpening = '\x01', kClosing = '\x02';

bool is_name_character(char byte, bool first) {
  const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
  return letter || (!first && byte >= '0' && byte <= '9');
}

}  // namespace

std::optional<EnvironmentReference> environment_reference_at(const std::string& text, size_t position) {
  if (text.compare(position, 2, "${") != 0) return std::nullopt;
  size_t end = position + 2;
  while (end < text.size() && is_name_character(text[end], end == position + 2)) ++end;
  EnvironmentReference reference;
  reference.name = text.substr(position + 2, end - position - 2);
  if (reference.name.empty()) return std::nullopt;
  if (text.compare(end, 2, ":-") == 0) {
    const size_t start = end + 2;
    end = std::min(text.find_first_of("{}\n", start), text.size());
    reference.fallback = text.substr(start, end - start);
  }
  if (end >= text.size() || text[end] != '}') return std::nullopt;
  reference.length = end + 1 - position;
  return reference;
}

std::string without_braces(const std::string& yaml) {
  std::string text = yaml;
  for (size_t at = yaml.find("${"); at != std::string::npos; at = yaml.find("${", at + 2)) {
    const auto reference = environment_reference_at(yaml, at);
    if (!reference) continue;
    text[at + 1] = kOpening;
    text[at + reference->length - 1] = kClosing;
  }
  return text;
}

std::string with_braces(std::string text) {
  std::replace(text.begin(), text.end(), kOpening, '{');
  std::replace(text.begin(), text.end(), kClosing, '}');
  return text;
}

}  // namespace adaptune
