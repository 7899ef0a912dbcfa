#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace adaptune {

// One step from a node of a document to a node in it: a key, or the number of an item of a list.
struct ConfigStep {
  std::string key;
  std::optional<size_t> item;

  bool operator==(const ConfigStep&) const = default;
};
using ConfigPath = std::vector<ConfigStep>;

// "tasks.mnli.data", "targets[0].name"; empty for the top.
std::string path_text(const ConfigPath& path);

// A value as it is written: as YAML behind "key: ", and in JSON; and what explains it to a reader, which is
// no part of it.
struct RecordedValue {
  std::string yaml;
  nlohmann::ordered_json json;
  std::string comment = {};
};

// The values that were read, in the order of their first reading.
class ConfigRecord {
 public:
  // A later value at the same path replaces the earlier one; a value below a path turns it into a mapping (or
  // list) and drops its scalar. `changed`: the field held something else before it was read.
  void set(const ConfigPath& path, const RecordedValue& value, bool changed = false);
  // The mapping at `path` is read over what the one at `base` filled: it is written without the values that
  // are the same there and that reading did not change.
  void inherit(const ConfigPath& path, const ConfigPath& base);
  // Block YAML, two spaces an indentation; empty when nothing was read.
  std::string text(bool with_comments) const;
  nlohmann::ordered_json json() const;  // an object

 private:
  struct Node {
    ConfigStep step;
    RecordedValue value = {};
    std::vector<Node> children = {};
    bool changed = false;
    std::optional<ConfigPath> base = {};
  };
  static const Node* find_child(const Node& node, const ConfigStep& step);
  static nlohmann::ordered_json json_of(const Node& node);
  static void write(const Node& node, size_t indent, bool with_comments, std::string& text);
  Node& make(const ConfigPath& path);
  const Node* find(const ConfigPath& path) const;
  std::optional<Node> own_part(const Node& node, const Node* base) const;
  Node written() const;
  Node root_;
};

}  // namespace adaptune
