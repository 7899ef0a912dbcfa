#pragma once

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

// The values that were read, in the order of their first reading.
class ConfigRecord {
 public:
  // `yaml` is the value as it stands behind "key: ". A later value at the same path replaces the earlier
  // one; a value below a path turns it into a mapping (or list) and drops its scalar.
  void set(const ConfigPath& path, const std::string& yaml);
  // Block YAML, two spaces an indentation; empty when nothing was read.
  std::string text() const;

 private:
  struct Node {
    ConfigStep step;
    std::string yaml;
    std::vector<Node> children;
  };
  static void write(const Node& node, size_t indent, std::string& text);
  Node root_;
};

}  // namespace adaptune
