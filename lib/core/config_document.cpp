#include <filesystem>

#include "core/atomic_file.h"
#include "core/config_interpolation.h"
#include "core/config_node.h"
#include "core/config_node_parse.h"
#include "core/config_overrides.h"
#include "core/config_store.h"
#include "core/error.h"

namespace adaptune {

struct ConfigDocument::Impl {
  ConfigStore store;
};

namespace {

// Names that users of other trainers type from habit.
const std::map<std::string, std::string>& common_foreign_names() {
  static const std::map<std::string, std::string> names = {
      {"lr", "learning_rate"},
      {"base_model", "model"},
      {"model_name_or_path", "model"},
      {"num_epochs", "num_train_epochs"},
      {"micro_batch_size", "per_device_train_batch_size"},
      {"layers_to_transform", "layers"},
      {"cutoff_len", "max_seq_length"},
  };
  return names;
}

ConfigValuePtr parse_file(const std::string& name, const std::string& text, ConfigErrors& errors) {
  const int source = errors.add_file(name, text);
  auto root = parse_yaml({text, source, 0, true}, errors);
  if (root->kind == ConfigKind::kMapping || root->kind == ConfigKind::kNull) return root;
  const bool no_space = root->kind == ConfigKind::kScalar && root->text.find(':') != std::string::npos;
  errors.add_syntax(root->place, "a configuration must be a mapping (key: value), got " + found_text(*root),
                    no_space ? "put a space behind ':'" : "", true);
  auto nothing = std::make_shared<ConfigValue>();
  nothing->place.source = source;
  return nothing;
}

// The text of the file that `defaults` names; nothing after reporting that it cannot be read. `beside` is the
// folder of the configuration, where a user may have expected it.
std::optional<std::string> text_of_defaults(const ConfigValue& path, const std::filesystem::path& beside,
                                            ConfigErrors& errors) {
  try {
    return read_file(path.text);
  } catch (const Error& error) {
    std::error_code ignored;
    const auto neighbour = beside / path.text;
    const bool found = std::filesystem::is_regular_file(neighbour, ignored);
    errors.add_syntax(path.place, std::string("cannot read the file of defaults: ") + error.what(),
                      found ? "did you mean '" + neighbour.string() + "'?" : "", true);
    return std::nullopt;
  }
}

// Takes `defaults: base.yaml` out of the file and fills it up from that file.
void apply_defaults(ConfigStore& store, const std::filesystem::path& folder) {
  const ConfigEntry* entry = find_entry(*store.root, "defaults");
  if (entry == nullptr) return;
  const ConfigValuePtr value = entry->value;
  std::erase_if(store.root->entries, [](const ConfigEntry& other) { return other.key == "defaults"; });
  interpolate_environment(*value, store.errors);
  if (value->kind == ConfigKind::kNull) return;
  if (value->kind != ConfigKind::kScalar) {
    store.errors.add_syntax(value->place, "'defaults' must be the path of a file, got " + found_text(*value),
                            "", false);
    return;
  }
  const auto text = text_of_defaults(*value, folder, store.errors);
  if (!text) return;
  const auto base = parse_file(value->text, *text, store.errors);
  if (const ConfigEntry* nested = find_entry(*base, "defaults")) {
    store.errors.add_syntax(nested->key_place, "'defaults' inside a file of defaults: one level only",
                            "name one file, and write the rest out", false);
    std::erase_if(base->entries, [](const ConfigEntry& other) { return other.key == "defaults"; });
  }
  store.root->kind = ConfigKind::kMapping;
  fill_up(*store.root, base);
}

std::string text_of_configuration(const std::string& path) {
  try {
    return read_file(path);
  } catch (const Error& error) {
    throw UsageError(std::string("cannot read the configuration: ") + error.what());
  }
}

bool changes_defaults(const ConfigOverride& change) {
  return change.path.size() == 1 && change.path[0] == "defaults";
}

ConfigNodeState root_state(ConfigStore& store) {
  const bool present = store.root->kind != ConfigKind::kNull;
  return {&store, present ? store.root : nullptr, {}, store.root->place};
}

}  // namespace

ConfigDocument::ConfigDocument(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->store.foreign_names = common_foreign_names();
}

ConfigDocument::~ConfigDocument() = default;
ConfigDocument::ConfigDocument(ConfigDocument&&) noexcept = default;

ConfigDocument ConfigDocument::load(const std::string& path, const std::vector<std::string>& overrides) {
  ConfigDocument document(std::make_unique<Impl>());
  ConfigStore& store = document.impl_->store;
  store.root = parse_file(path, text_of_configuration(path), store.errors);
  std::vector<ConfigOverride> changes;
  for (const auto& text : overrides) {
    changes.push_back(parse_override(text, static_cast<int>(changes.size()) + 1, store.errors));
  }
  // An override that names another file of defaults must work before that file is read.
  for (const auto& change : changes) {
    if (changes_defaults(change)) apply_override(*store.root, change, store.errors);
  }
  apply_defaults(store, std::filesystem::path(path).parent_path());
  for (const auto& change : changes) {
    if (!changes_defaults(change)) apply_override(*store.root, change, store.errors);
  }
  interpolate_environment(*store.root, store.errors);
  return document;
}

ConfigDocument ConfigDocument::parse(const std::string& text, const std::string& name) {
  ConfigDocument document(std::make_unique<Impl>());
  ConfigStore& store = document.impl_->store;
  store.root = parse_file(name, text, store.errors);
  apply_defaults(store, {});
  interpolate_environment(*store.root, store.errors);
  return document;
}

ConfigDocument ConfigDocument::empty() { return parse("", "<defaults>"); }

ConfigNode ConfigDocument::root() {
  return ConfigNode(std::make_shared<ConfigNodeState>(root_state(impl_->store)));
}

void ConfigDocument::finish() {
  report_unknown_keys(impl_->store);
  if (!impl_->store.errors.empty()) throw UsageError(impl_->store.errors.text());
}

bool ConfigDocument::ok() { return impl_->store.errors.empty(); }

std::string ConfigDocument::resolved() const { return impl_->store.record.text(/*with_comments=*/false); }
std::string ConfigDocument::explained() const { return impl_->store.record.text(/*with_comments=*/true); }
nlohmann::ordered_json ConfigDocument::resolved_json() const { return impl_->store.record.json(); }

}  // namespace adaptune
