#include <algorithm>
#include <optional>

#include "core/config_store.h"
#include "core/text_distance.h"

namespace adaptune {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A known key of that very name in another section, one below `path` first: where the key belongs.
std::optional<std::string> same_name_elsewhere(const ConfigStore& store, const std::string& key,
                                               const std::string& path) {
  std::optional<std::string> found;
  for (const auto& asked : store.asked) {
    if (asked.key != key) continue;
    if (!path.empty() && asked.path.starts_with(path + ".")) return asked.path;
    if (!found) found = asked.path;
  }
  return found;
}

std::optional<std::string> suggestion(const ConfigStore& store, const ConfigValue& mapping,
                                      const std::string& key, const std::string& path) {
  const auto foreign = store.foreign_names.find(key);
  const std::string& ours = foreign != store.foreign_names.end() ? foreign->second : key;
  if (contains(mapping.asked, ours)) return ours;
  for (const auto& name : {key, ours}) {
    if (const auto elsewhere = same_name_elsewhere(store, name, path)) return elsewhere;
  }
  return nearest_name(key, mapping.asked);
}

std::string hint_for(const ConfigStore& store, const ConfigValue& mapping, const std::string& key,
                     const std::string& path) {
  const auto answer = store.answers.find(path.empty() ? key : path + "." + key);
  if (answer != store.answers.end()) return answer->second;
  const auto nearest = suggestion(store, mapping, key, path);
  return nearest ? "did you mean '" + *nearest + "'?" : "";
}

void report_in(ConfigStore& store, const ConfigValue& value, const ConfigPath& path) {
  if (value.settled) return;
  for (size_t i = 0; i < value.items.size(); ++i) {
    ConfigPath item = path;
    item.push_back({"", i});
    report_in(store, *value.items[i], item);
  }
  const std::string section = path_text(path);
  for (const auto& entry : value.entries) {
    if (entry.known) {
      ConfigPath child = path;
      child.push_back({entry.key, std::nullopt});
      report_in(store, *entry.value, child);
      continue;
    }
    store.errors.add(entry.key_place,
                     "unknown key '" + entry.key + "'" + (section.empty() ? "" : " in '" + section + "'"),
                     hint_for(store, value, entry.key, section));
  }
}

}  // namespace

void report_unknown_keys(ConfigStore& store) { report_in(store, *store.root, {}); }

}  // namespace adaptune
