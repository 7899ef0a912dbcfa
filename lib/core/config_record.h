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

// A value as it is written: as YAML behind "key: ", and in JSON.
struct RecordedValue {
  std::string yaml;
  nlohmann::ordered_json json;
};

// The values that were read, in the order of their first reading.
class ConfigRecord {
 public:
  // A later value at the same path replaces the earlier
  // one; a value below a path turns it into a mapping (or list) and drops its scalar.
  void set(const ConfigPath& path, const RecordedValue& value);
  // Block YAML, two spaces an indentation; empty when nothing was read.
  std::string text() const;
  nlohmann::ordered_json json() const;  // an object

 private:
  struct Node {
    ConfigStep step;
    RecordedValue value;
    std::vector<Node> children;
  };
  static nlohmann::ordered_json json_of(const Node& node);
  static void write(const Node& node, size_t indent, std::string& text);
  Node root_;
};

}  // namespace adaptune
