#include "core/config_overrides.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/config_node_parse.h"
#include "core/joined.h"
#include "core/text_distance.h"

namespace adaptune {
namespace {

const char kForms[] = "write key.key=value, or ~key.key to remove a key";

// Splits "a.b.c", which starts at `column` of the override, into its keys.
bool split_path(const std::string& text, ConfigPlace place, ConfigOverride& change) {
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('.', start), text.size());
    if (end == start) return false;
    ConfigPlace key = place;
    key.column += static_cast<int>(start);
    key.length = static_cast<int>(end - start);
    change.path.push_back(text.substr(start, end - start));
    change.places.push_back(key);
    start = end + 1;
  }
  return true;
}

// The first `count` keys: "a.b".
std::string first_keys(const std::vector<std::string>& path, size_t count) {
  return joined({path.begin(), path.begin() + static_cast<std::ptrdiff_t>(count)}, ".");
}

ConfigOverride wrong_form(const std::string& text, ConfigPlace place, ConfigErrors& errors) {
  place.length = static_cast<int>(text.size());
  errors.add_syntax(place, quoted_excerpt(text) + " is no override", kForms, false);
  return {};
}

// The entry `key` names in the mapping, made when it is not there.
ConfigEntry& entry_for(ConfigValue& mapping, const std::string& key, const ConfigPlace& place) {
  if (ConfigEntry* entry = find_entry(mapping, key)) return *entry;
  mapping.kind = ConfigKind::kMapping;
  auto value = std::make_shared<ConfigValue>();
  value->place = place;
  mapping.entries.push_back({key, place, value});
  return mapping.entries.back();
}

// `found`, at `path`, holds no keys, and so not `key`, which is written at `place`.
void report_no_mapping(const std::string& path, const std::string& key, const ConfigPlace& place,
                       const ConfigValue& found, ConfigErrors& errors) {
  const std::string hint = found.kind == ConfigKind::kSequence
                               ? "give the whole list: " + path + "=[...]"
                               : "give the whole mapping: " + path + "={" + key + ": ...}";
  errors.add_syntax(place,
                    "'" + path + "' must be a mapping to hold '" + key + "', got " + found_text(found) +
                        " at " + errors.place_text(found.place),
                    hint, false);
}

void report_nothing_to_remove(const ConfigOverride& change, size_t depth, const ConfigValue& mapping,
                              ConfigErrors& errors) {
  std::vector<std::string> known;
  for (const auto& entry : mapping.entries) known.push_back(entry.key);
  const auto nearest = nearest_name(change.path[depth], known);
  errors.add_syntax(change.places[depth],
                    "there is no key '" + first_keys(change.path, depth + 1) + "' to remove",
                    nearest ? "did you mean '" + *nearest + "'?" : "", false);
}

// An empty mapping above the scalar that `value` was.
void put_above(ConfigValue& value, const ConfigPlace& place) {
  auto scalar = std::make_shared<ConfigValue>(std::move(value));
  value = ConfigValue();
  value.kind = ConfigKind::kMapping;
  value.place = place;
  value.base = std::move(scalar);
}

void remove_key(ConfigValue& mapping, const std::string& key) {
  std::erase_if(mapping.entries, [&](const ConfigEntry& entry) { return entry.key == key; });
}

}  // namespace

ConfigOverride parse_override(const std::string& text, int number, ConfigErrors& errors) {
  const ConfigPlace start{errors.add_override(number, text), 0, 0, 1};
  ConfigOverride change;
  const bool removes = text.starts_with("~");
  const size_t equals = text.find('=');
  if (removes != (equals == std::string::npos)) return wrong_form(text, start, errors);

  ConfigPlace path_place = start;
  path_place.column = removes ? 1 : 0;
  const std::string path = removes ? text.substr(1) : text.substr(0, equals);
  if (!split_path(path, path_place, change)) return wrong_form(text, start, errors);
  if (removes) return change;

  const int column = static_cast<int>(equals) + 1;
  const size_t errors_before = errors.count();
  change.value = parse_yaml({text.substr(equals + 1), start.source, column, false}, errors);
  if (errors.count() > errors_before) return {};
  const bool is_tree =
      change.value->kind == ConfigKind::kMapping || change.value->kind == ConfigKind::kSequence;
  if (is_tree && change.value->block) {
    errors.add_syntax(change.value->place,
                      "the value of '" + path + "' must be a scalar, [...] or {...}, got " +
                          quoted_excerpt(text.substr(equals + 1)),
                      "quote it if it is text", false);
    return {};
  }
  return change;
}

void apply_override(ConfigValue& root, const ConfigOverride& change, ConfigErrors& errors) {
  if (change.path.empty()) return;
  ConfigValue* mapping = &root;
  for (size_t depth = 0; depth < change.path.size(); ++depth) {
    const std::string& key = change.path[depth];
    if (mapping->kind == ConfigKind::kScalar && change.value) put_above(*mapping, change.places[depth - 1]);
    const bool last = depth + 1 == change.path.size();
    if (!change.value) {
      if (find_entry(*mapping, key) == nullptr)
        return report_nothing_to_remove(change, depth, *mapping, errors);
      if (last) return remove_key(*mapping, key);
    }
    const bool open = mapping->kind == ConfigKind::kMapping || mapping->kind == ConfigKind::kNull;
    if (!open)
      return report_no_mapping(first_keys(change.path, depth), key, change.places[depth - 1], *mapping,
                               errors);
    ConfigEntry& entry = entry_for(*mapping, key, change.places[depth]);
    if (last) {
      entry.key_place = change.places[depth];
      entry.value = change.value;
    }
    mapping = entry.value.get();
  }
}

void fill_up(ConfigValue& value, const ConfigValuePtr& base) {
  const auto kinds = std::minmax({value.kind, base->kind});
  if (kinds == std::pair(ConfigKind::kScalar, ConfigKind::kMapping)) value.base = base;
  if (value.kind != ConfigKind::kMapping || base->kind != ConfigKind::kMapping) return;
  std::vector<ConfigEntry> entries;
  for (const auto& entry : base->entries) {
    const ConfigEntry* own = find_entry(value, entry.key);
    if (own != nullptr) fill_up(*own->value, entry.value);
    entries.push_back(own != nullptr ? *own : entry);
  }
  for (const auto& entry : value.entries) {
    if (find_entry(*base, entry.key) == nullptr) entries.push_back(entry);
  }
  value.entries = std::move(entries);
}

void settle_section(ConfigValue& value, const std::string& short_key) {
  if (value.kind == ConfigKind::kScalar) {
    ConfigValuePtr base = std::move(value.base);
    const auto scalar = std::make_shared<ConfigValue>(std::move(value));
    value = ConfigValue();
    value.kind = ConfigKind::kMapping;
    value.place = scalar->place;
    value.entries.push_back({short_key, scalar->place, scalar});
    value.base = std::move(base);
  }
  if (!value.base) return;
  const ConfigValuePtr base = std::move(value.base);
  value.base.reset();
  settle_section(*base, short_key);
  fill_up(value, base);
}

void refuse_keys_in_scalar(ConfigEntry& entry, const std::string& path, ConfigErrors& errors) {
  const ConfigValuePtr value = entry.value;
  if (!value->base || !errors.is_override(value->place)) return;
  for (const auto& added : value->entries)
    report_no_mapping(path, added.key, value->place, *value->base, errors);
  entry.value = value->base;
}

}  // namespace adaptune
