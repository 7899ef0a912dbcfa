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

const ConfigRecord::Node* ConfigRecord::find_child(const Node& node, const ConfigStep& step) {
  const auto found = std::find_if(node.children.begin(), node.children.end(),
                                  [&](const Node& child) { return child.step == step; });
  return found == node.children.end() ? nullptr : &*found;
}

ConfigRecord::Node& ConfigRecord::make(const ConfigPath& path) {
  Node* node = &root_;
  for (const auto& step : path) {
    const Node* found = find_child(*node, step);
    node = found != nullptr ? const_cast<Node*>(found) : &node->children.emplace_back(Node{.step = step});
  }
  return *node;
}

const ConfigRecord::Node* ConfigRecord::find(const ConfigPath& path) const {
  const Node* node = &root_;
  for (const auto& step : path) {
    if (node != nullptr) node = find_child(*node, step);
  }
  return node;
}

void ConfigRecord::set(const ConfigPath& path, const RecordedValue& value, bool changed) {
  Node& node = make(path);
  node.value = value;
  node.changed = node.changed || changed;
}

void ConfigRecord::inherit(const ConfigPath& path, const ConfigPath& base) { make(path).base = base; }

// The node without what it inherits from `base`, or nothing where that is all.
std::optional<ConfigRecord::Node> ConfigRecord::own_part(const Node& node, const Node* base) const {
  if (node.children.empty()) {
    const bool inherited =
        base != nullptr && !node.changed && base->children.empty() && base->value.yaml == node.value.yaml;
    return inherited || node.value.yaml.empty() ? std::nullopt : std::optional(node);
  }
  Node own{.step = node.step};
  for (const auto& child : node.children) {
    const Node* below = child.base ? find(*child.base) : base ? find_child(*base, child.step) : nullptr;
    if (auto part = own_part(child, below)) own.children.push_back(std::move(*part));
  }
  return own.children.empty() ? std::nullopt : std::optional(own);
}

ConfigRecord::Node ConfigRecord::written() const { return own_part(root_, nullptr).value_or(Node()); }

// Writes the children of `node`, each on lines that begin with `indent` spaces.
void ConfigRecord::write(const Node& node, size_t indent, bool with_comments, std::string& text) {
  const std::string spaces(indent, ' ');
  for (const auto& child : node.children) {
    const std::string start = child.step.item ? "-" : key_text(child.step.key) + ":";
    if (child.children.empty()) {
      text += spaces + start + " " + child.value.yaml;
      if (with_comments && !child.value.comment.empty()) text += "  # " + child.value.comment;
      text += "\n";
      continue;
    }
    if (!child.step.item) {
      text += spaces + start + "\n";
      write(child, indent + 2, with_comments, text);
      continue;
    }
    // The first key of an item stands beside its dash.
    const size_t first = text.size();
    write(child, indent + 2, with_comments, text);
    text[first + indent] = '-';
  }
}

std::string ConfigRecord::text(bool with_comments) const {
  std::string text;
  write(written(), 0, with_comments, text);
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
  const Node root = written();
  return root.children.empty() ? nlohmann::ordered_json::object() : json_of(root);
}

}  // namespace adaptune
