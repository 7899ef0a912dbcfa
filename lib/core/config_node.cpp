#include "core/config_node.h"

#include <algorithm>

#include "core/config_overrides.h"
#include "core/config_scalar.h"
#include "core/config_store.h"

namespace adaptune {
namespace {

bool is_block(const ConfigValue& value) {
  return value.block && (value.kind == ConfigKind::kMapping || value.kind == ConfigKind::kSequence);
}

// A block begins only on the line below its key; the key is what the user looks for.
const ConfigPlace& head_of(const ConfigEntry& entry) {
  return is_block(*entry.value) ? entry.key_place : entry.value->place;
}

WrittenPlace written(const ConfigPlace& place, const ConfigErrors& errors) {
  return {errors.place_text(place), errors.excerpt(place, "")};
}

void add_places_below(const ConfigValue& mapping, const std::string& start, const ConfigErrors& errors,
                      std::map<std::string, WrittenPlace>& places) {
  for (const auto& entry : mapping.entries) {
    places[start + entry.key] = written(head_of(entry), errors);
    add_places_below(*entry.value, start + entry.key + ".", errors, places);
  }
}

}  // namespace

ConfigPath ConfigNodeState::path_to(const std::string& key) const {
  ConfigPath result = path;
  result.push_back({key, std::nullopt});
  return result;
}

void ConfigNodeState::record(const std::string& key, const RecordedValue& value) {
  store->record.set(path_to(key), value);
}

void ConfigNodeState::record_read(const std::string& key, const RecordedValue& before,
                                  const RecordedValue& value) {
  store->record.set(path_to(key), value, before.yaml != value.yaml);
}

ConfigEntry* ConfigNodeState::ask(const std::string& key) {
  const std::string full = path_text(path_to(key));
  bool is_new = true;
  for (const auto& asked : store->asked) is_new = is_new && asked.path != full;
  if (is_new) store->asked.push_back({key, full});
  if (!value) return nullptr;
  if (value->unreadable) return nullptr;
  if (value->kind != ConfigKind::kMapping) {
    store->errors.add(value->place,
                      "'" + path_text(path) + "' must be a mapping (key: value), got " + found_text(*value));
    return nullptr;
  }
  if (is_new) value->asked.push_back(key);
  ConfigEntry* entry = find_entry(*value, key);
  if (entry == nullptr) return nullptr;
  entry->known = true;
  refuse_keys_in_scalar(*entry, path_text(path_to(key)), store->errors);
  return entry;
}

std::shared_ptr<ConfigNodeState> ConfigNodeState::child(ConfigEntry* entry, const std::string& key) const {
  auto child = std::make_shared<ConfigNodeState>(ConfigNodeState{store, nullptr, path_to(key), place});
  if (entry != nullptr) {
    child->place = head_of(*entry);
    if (entry->value->kind != ConfigKind::kNull) child->value = entry->value;
  }
  return child;
}

bool ConfigNode::defined() const { return state_->value != nullptr; }
bool ConfigNode::is_mapping() const { return defined() && state_->value->kind == ConfigKind::kMapping; }
bool ConfigNode::is_sequence() const { return defined() && state_->value->kind == ConfigKind::kSequence; }
bool ConfigNode::is_scalar() const { return defined() && state_->value->kind == ConfigKind::kScalar; }

WrittenPlace ConfigNode::place() const { return written(state_->place, state_->store->errors); }

void ConfigNode::add_places(std::map<std::string, WrittenPlace>& places) const {
  if (is_mapping()) add_places_below(*state_->value, "", state_->store->errors, places);
}

std::string ConfigNode::scalar() const {
  if (!is_scalar()) return "";
  state_->store->record.set(state_->path, {scalar_text(state_->value->text, false), state_->value->text});
  return state_->value->text;
}

ConfigNode ConfigNode::child(const std::string& key) {
  return ConfigNode(state_->child(state_->ask(key), key));
}

ConfigNode ConfigNode::section(const std::string& key, const std::string& short_key) {
  ConfigEntry* entry = is_mapping() ? find_entry(*state_->value, key) : nullptr;
  if (entry != nullptr) settle_section(*entry->value, short_key);
  return child(key);
}

bool ConfigNode::has(const std::string& key) const {
  return is_mapping() && find_entry(*state_->value, key) != nullptr;
}

std::vector<std::pair<std::string, ConfigNode>> ConfigNode::entries() {
  std::vector<std::pair<std::string, ConfigNode>> all;
  if (!defined()) return all;
  if (!is_mapping()) {
    error("'" + path_text(state_->path) + "' must be a mapping (name: value), got " +
          found_text(*state_->value));
    return all;
  }
  for (auto& entry : state_->value->entries) {
    entry.known = true;
    refuse_keys_in_scalar(entry, path_text(state_->path_to(entry.key)), state_->store->errors);
    all.emplace_back(entry.key, ConfigNode(state_->child(&entry, entry.key)));
  }
  return all;
}

std::vector<ConfigNode> ConfigNode::items() const {
  if (!defined()) return {};
  if (!is_sequence()) return {*this};
  std::vector<ConfigNode> all;
  for (size_t i = 0; i < state_->value->items.size(); ++i) {
    const auto& item = state_->value->items[i];
    auto child =
        std::make_shared<ConfigNodeState>(ConfigNodeState{state_->store, nullptr, state_->path, item->place});
    child->path.push_back({"", i});
    if (item->kind != ConfigKind::kNull) child->value = item;
    all.push_back(ConfigNode(child));
  }
  return all;
}

void ConfigNode::require(const std::string& key) {
  if (defined() && !is_mapping()) {
    state_->ask(key);
    return;
  }
  const ConfigEntry* entry = defined() ? find_entry(*state_->value, key) : nullptr;
  if (entry != nullptr && entry->value->kind != ConfigKind::kNull) return;
  const std::string section = path_text(state_->path);
  const std::string what = entry != nullptr ? "no value for the required key '" : "missing key '";
  state_->store->errors.add(entry != nullptr ? entry->key_place : state_->place,
                            what + key + "'" + (section.empty() ? "" : " in '" + section + "'"),
                            "write '" + key + ": ...'");
  if (entry == nullptr) return;
  // Said once is enough: a read of the key must not complain about the missing value again.
  std::erase_if(state_->value->entries, [&](const ConfigEntry& other) { return other.key == key; });
}

void ConfigNode::error(const std::string& message, const std::string& hint) {
  if (defined() && is_unreadable(*state_->value)) return;
  state_->store->errors.add(state_->place, message, hint);
}

void ConfigNode::error_at(const std::string& key, const std::string& message, const std::string& hint) {
  const ConfigEntry* entry = is_mapping() ? find_entry(*state_->value, key) : nullptr;
  if (entry != nullptr && is_unreadable(*entry->value)) return;
  state_->store->errors.add(entry != nullptr ? head_of(*entry) : state_->place, message, hint);
}

void ConfigNode::error_at_written(const std::vector<std::string>& keys, const std::string& message,
                                  const std::string& hint) {
  const auto written =
      std::find_if(keys.begin(), keys.end(), [&](const std::string& key) { return has(key); });
  if (written != keys.end()) error_at(*written, message, hint);
}

void ConfigNode::error_at_idle(const std::string& key, const std::vector<double>& usual,
                               const std::string& message, const std::string& hint) {
  const ConfigEntry* entry = is_mapping() ? find_entry(*state_->value, key) : nullptr;
  if (entry == nullptr) return;
  const auto number = number_from(entry->value->text);
  if (!number || std::count(usual.begin(), usual.end(), *number) == 0) error_at(key, message, hint);
}

void ConfigNode::foreign_names(const std::map<std::string, std::string>& names) {
  for (const auto& [theirs, ours] : names) state_->store->foreign_names[theirs] = ours;
}

void ConfigNode::answers(const std::map<std::string, std::string>& texts) {
  for (const auto& [key, text] : texts) state_->store->answers[path_text(state_->path_to(key))] = text;
}

void ConfigNode::inherits(const ConfigNode& base) {
  state_->store->record.inherit(state_->path, base.state_->path);
}

void ConfigNode::leave_unread(const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    if (ConfigEntry* entry = state_->ask(key)) entry->value->settled = true;
  }
}

}  // namespace adaptune
