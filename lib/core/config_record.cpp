#include "core/config_record.h"

#include <algorithm>

#include "core/config_scalar.h"

namespace adaptune {

std::string path_text(const ConfigPath& path) {
  std::string text;
  for (const auto& step : path) {
    if (step.item) {
      text += "[" + std::to_string(*step.item) + "]";
    } else {
      text += (text.empty() ? "" : ".") + step.key;
    }
  }
  return text;
}

void ConfigRecord::set(const ConfigPath& path, const RecordedValue& value) {
  Node* node = &root_;
  for (const auto& step : path) {
    auto& children = node->children;
    auto found =
        std::find_if(children.begin(), children.end(), [&](const Node& child) { return child.step == step; });
    if (found == children.end()) found = children.insert(children.end(), Node{step, {}, {}});
    node = &*found;
  }
  node->value = value;
}

// Writes the children of `node`, each on lines that begin with `indent` spaces.
void ConfigRecord::write(const Node& node, size_t indent, std::string& text) {
  const std::string spaces(indent, ' ');
  for (const auto& child : node.children) {
    const std::string start = child.step.item ? "-" : key_text(child.step.key) + ":";
    if (child.children.empty()) {
      text += spaces + start + " " + child.value.yaml + "\n";
      continue;
    }
    if (!child.step.item) {
      text += spaces + start + "\n";
      write(child, indent + 2, text);
      continue;
    }
    // The first key of an item stands beside its dash.
    const size_t first = text.size();
    write(child, indent + 2, text);
    text[first + indent] = '-';
  }
}

std::string ConfigRecord::text() const {
  std::string text;
  write(root_, 0, text);
  return text;
}

nlohmann::ordered_json ConfigRecord::json_of(const Node& node) {
  if (node.children.empty()) return node.value.json;
  nlohmann::ordered_json json;
  for (const auto& child : node.children) {
    if (child.step.item) {
      json.push_back(json_of(child));
    } else {
      json[child.step.key] = json_of(child);
    }
  }
  return json;
}

nlohmann::ordered_json ConfigRecord::json() const {
  return root_.children.empty() ? nlohmann::ordered_json::object() : json_of(root_);
}

}  // namespace adaptune
