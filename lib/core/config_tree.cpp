#include "core/config_tree.h"

#include <algorithm>

namespace adaptune {

ConfigEntry* find_entry(ConfigValue& value, const std::string& key) {
  for (auto& entry : value.entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

const ConfigEntry* find_entry(const ConfigValue& value, const std::string& key) {
  return find_entry(const_cast<ConfigValue&>(value), key);
}

bool is_unreadable(const ConfigValue& value) {
  return value.unreadable || std::any_of(value.items.begin(), value.items.end(),
                                         [](const auto& item) { return is_unreadable(*item); });
}

std::string quoted_excerpt(const std::string& text) {
  constexpr size_t kLongest = 80;
  size_t end = std::min(text.size(), kLongest);
  while (end < text.size() && (text[end] & 0xC0) == 0x80) --end;  // never through a UTF-8 character
  std::string excerpt = "'";
  for (const char byte : text.substr(0, end)) excerpt += static_cast<unsigned char>(byte) < ' ' ? ' ' : byte;
  return excerpt + (end < text.size() ? "…'" : "'");
}

std::string found_text(const ConfigValue& value) {
  switch (value.kind) {
    case ConfigKind::kNull:
      return "nothing";
    case ConfigKind::kSequence:
      return "a list";
    case ConfigKind::kMapping:
      return "a mapping";
    default:
      return quoted_excerpt(value.text);
  }
}

}  // namespace adaptune
