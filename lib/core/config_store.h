#pragma once
// What the nodes of one document share. Internal to core/config_*.

#include <map>
#include <string>
#include <vector>

#include "core/config_errors.h"
#include "core/config_node.h"
#include "core/config_record.h"
#include "core/config_tree.h"

namespace adaptune {

struct AskedKey {
  std::string key;   // its own name
  std::string path;  // with the names of the mappings above it
};

struct ConfigStore {
  ConfigErrors errors;
  ConfigRecord record;
  ConfigValuePtr root = std::make_shared<ConfigValue>();
  std::map<std::string, std::string> foreign_names;  // of other tools -> ours
  // To keys of other tools that have no counterpart, by the path a user would write them at.
  std::map<std::string, std::string> answers;
  std::vector<AskedKey> asked;  // every key a reader asked for, in order
};

struct ConfigNodeState {
  ConfigStore* store = nullptr;
  ConfigValuePtr value;  // null when there is none, or YAML's null
  ConfigPath path;
  ConfigPlace place;  // of the value's head; of the nearest parent's when there is none

  // Marks `key` as known and returns its entry; null when it is absent. Not being a mapping is an error.
  ConfigEntry* ask(const std::string& key);
  ConfigPath path_to(const std::string& key) const;
  // The node of `key`, whose entry (null when absent) was found by ask().
  std::shared_ptr<ConfigNodeState> child(ConfigEntry* entry, const std::string& key) const;
  void record(const std::string& key, const RecordedValue& value);
  // The value of a field that held `before`.
  void record_read(const std::string& key, const RecordedValue& before, const RecordedValue& value);
};

// Reports every key no reader asked for.
void report_unknown_keys(ConfigStore& store);

}  // namespace adaptune
