#pragma once
// The tree behind ConfigNode: YAML with the place of every key and value, free of yaml-cpp.

#include <memory>
#include <string>
#include <vector>

namespace adaptune {

// Where something is written: a source registered with ConfigErrors, and a position in it.
struct ConfigPlace {
  int source = -1;
  int line = 0;    // from 0
  int column = 0;  // bytes from the start of the line
  int length = 1;  // bytes to underline
};

enum class ConfigKind { kNull, kScalar, kSequence, kMapping };

struct ConfigValue;
using ConfigValuePtr = std::shared_ptr<ConfigValue>;

struct ConfigEntry {
  std::string key;
  ConfigPlace key_place;
  ConfigValuePtr value;
  bool known = false;  // a reader asked for this key
};

struct ConfigValue {
  ConfigKind kind = ConfigKind::kNull;
  ConfigPlace place;
  std::string text;                   // of a scalar
  bool block = false;                 // a mapping or sequence without brackets
  std::vector<ConfigEntry> entries;   // of a mapping; keys are unique
  std::vector<ConfigValuePtr> items;  // of a sequence
  std::vector<std::string> asked;     // keys readers asked this mapping for, present or not
  bool settled = false;               // read as a whole: its keys are no longer looked at
  bool unreadable = false;            // a scalar with a variable that is not set, which is reported already
  // What it is filled up from where one of the two is a scalar and the reader takes that for the short form
  // of a section; else it counts as it is.
  ConfigValuePtr base;
};

// The entry of a mapping; null when there is none, or when `value` is no mapping.
ConfigEntry* find_entry(ConfigValue& value, const std::string& key);
const ConfigEntry* find_entry(const ConfigValue& value, const std::string& key);
// Whether the scalar, or an item of the list, is unreadable.
bool is_unreadable(const ConfigValue& value);
// "a mapping", "a list", "nothing", or the text in quotes, cut where it is long: for "got ...".
std::string found_text(const ConfigValue& value);
std::string quoted_excerpt(const std::string& text);

}  // namespace adaptune
