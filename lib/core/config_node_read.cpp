#include <limits>
#include <set>

#include "core/config_layers.h"
#include "core/config_node.h"
#include "core/config_scalar.h"
#include "core/config_store.h"

namespace adaptune {
namespace {

// What the scalars of one type are called, where they come from and how they are written.
template <typename T>
struct ScalarType;

template <>
struct ScalarType<std::string> {
  static constexpr const char* kNoun = "a string";
  static std::optional<std::string> from(const std::string& text) { return text; }
  static std::string to(const std::string& value, bool in_list) { return scalar_text(value, in_list); }
  static std::string hint(const std::string&) { return ""; }
  static std::string probe() { return ""; }
};

template <>
struct ScalarType<int64_t> {
  static constexpr const char* kNoun = "an integer";
  static std::optional<int64_t> from(const std::string& text) { return integer_from(text); }
  static std::string to(int64_t value, bool) { return std::to_string(value); }
  static std::string hint(const std::string& text) { return integer_hint(text); }
  static int64_t probe() { return std::numeric_limits<int64_t>::min(); }
};

template <>
struct ScalarType<double> {
  static constexpr const char* kNoun = "a number";
  static std::optional<double> from(const std::string& text) { return number_from(text); }
  static std::string to(double value, bool) { return number_text(value); }
  static std::string hint(const std::string& text) { return number_hint(text); }
  static double probe() { return std::numeric_limits<double>::quiet_NaN(); }
};

template <>
struct ScalarType<bool> {
  static constexpr const char* kNoun = "true or false";
  static std::optional<bool> from(const std::string& text) { return truth_from(text); }
  static std::string to(bool value, bool) { return value ? "true" : "false"; }
  static std::string hint(const std::string& text) { return truth_hint(text); }
  static bool probe() { return false; }
};

// "must be an integer ≥ 1" for a text that is no integer at all.
template <typename T>
std::string type_message(const Check<T>& check) {
  const std::string noun = ScalarType<T>::kNoun;
  if (check) {
    const auto text = check(ScalarType<T>::probe());
    if (text && text->find(noun) != std::string::npos) return *text;
  }
  return "must be " + noun;
}

// "adapter config 'pfeifer'": the section and the key.
std::string named_value(const ConfigPath& path, const std::string& key, const ConfigValue& value) {
  const bool in_section = !path.empty() && !path.back().item;
  return (in_section ? path.back().key + " " : "") + key + " " + found_text(value);
}

// The value of one scalar, or nothing after reporting what is wrong with it.
template <typename T>
std::optional<T> checked_scalar(ConfigNodeState& state, const std::string& key, const ConfigValue& value,
                                const Check<T>& check) {
  if (value.unreadable) return std::nullopt;
  const bool is_scalar = value.kind == ConfigKind::kScalar;
  const auto result = is_scalar ? ScalarType<T>::from(value.text) : std::nullopt;
  if (!result) {
    const std::string hint = is_scalar ? ScalarType<T>::hint(value.text) : "";
    state.store->errors.add(value.place,
                            "'" + key + "' " + type_message<T>(check) + ", got " + found_text(value), hint);
    return std::nullopt;
  }
  const auto wrong = check ? check(*result) : std::nullopt;
  if (!wrong) return result;
  if (wrong->starts_with("known:")) {
    state.store->errors.add(value.place, named_value(state.path, key, value) + " is not known", *wrong);
  } else {
    state.store->errors.add(value.place, "'" + key + "' " + *wrong + ", got " + found_text(value));
  }
  return std::nullopt;
}

// The value of `key`, looked at as a whole; null when it is absent or unreadable.
const ConfigValue* taken(ConfigNodeState& state, const std::string& key) {
  ConfigEntry* entry = state.ask(key);
  if (entry == nullptr) return nullptr;
  entry->value->settled = true;
  return is_unreadable(*entry->value) ? nullptr : entry->value.get();
}

template <typename T>
RecordedValue recorded(const T& value) {
  return {ScalarType<T>::to(value, false), value};
}

template <typename T>
RecordedValue recorded(const std::optional<T>& value) {
  return value ? recorded(*value) : RecordedValue{"null", nullptr};
}

template <typename T>
void read_scalar(ConfigNodeState& state, const std::string& key, T& value, const Check<T>& check) {
  const auto before = recorded(value);
  if (const ConfigValue* found = taken(state, key)) {
    if (auto result = checked_scalar<T>(state, key, *found, check)) value = std::move(*result);
  }
  state.record_read(key, before, recorded(value));
}

template <typename T>
void read_optional(ConfigNodeState& state, const std::string& key, std::optional<T>& value,
                   const Check<T>& check) {
  const auto before = recorded(value);
  if (const ConfigValue* found = taken(state, key)) {
    if (found->kind == ConfigKind::kNull) {
      value.reset();
    } else if (auto result = checked_scalar<T>(state, key, *found, check)) {
      value = std::move(result);
    }
  }
  state.record_read(key, before, recorded(value));
}

// The scalars of a list, or the one scalar that stands for a list of one; nothing after an error.
std::optional<std::vector<const ConfigValue*>> listed(ConfigNodeState& state, const std::string& key,
                                                      const ConfigValue& value, const std::string& wanted) {
  std::vector<const ConfigValue*> items;
  for (const auto& item : value.items) items.push_back(item.get());
  if (value.kind == ConfigKind::kSequence) return items;
  if (value.kind == ConfigKind::kScalar) return std::vector<const ConfigValue*>{&value};
  state.store->errors.add(value.place, "'" + key + "' must be " + wanted + ", got " + found_text(value),
                          value.kind == ConfigKind::kNull ? "an empty list is []" : "");
  return std::nullopt;
}

template <typename T>
RecordedValue recorded_list(const std::vector<T>& value) {
  std::vector<std::string> written;
  for (const T& element : value) written.push_back(ScalarType<T>::to(element, true));
  return {list_text(written), value};
}

template <typename T>
void read_list(ConfigNodeState& state, const std::string& key, std::vector<T>& value,
               const std::string& wanted) {
  const auto before = recorded_list(value);
  if (const ConfigValue* found = taken(state, key)) {
    if (const auto items = listed(state, key, *found, wanted)) {
      std::vector<T> result;
      for (size_t i = 0; i < items->size(); ++i) {
        const std::string name =
            found->kind == ConfigKind::kScalar ? key : key + "[" + std::to_string(i) + "]";
        if (auto item = checked_scalar<T>(state, name, *(*items)[i], {})) result.push_back(std::move(*item));
      }
      if (result.size() == items->size()) value = std::move(result);
    }
  }
  state.record_read(key, before, recorded_list(value));
}

void report_layers(ConfigNodeState& state, const std::string& key, const ConfigValue& value,
                   const std::string& wanted) {
  state.store->errors.add(value.place, "'" + key + "' must be " + wanted + ", got " + found_text(value),
                          layers_hint(value.text));
}

std::optional<std::vector<int64_t>> layers_of(ConfigNodeState& state, const std::string& key,
                                              const ConfigValue& value, const std::string& wanted) {
  const auto items = listed(state, key, value, wanted);
  if (!items) return std::nullopt;
  std::vector<int64_t> layers;
  std::set<int64_t> seen;
  bool fine = true;
  for (const ConfigValue* item : *items) {
    const auto range = item->kind == ConfigKind::kScalar ? layers_from(item->text) : std::nullopt;
    if (!range) report_layers(state, key, *item, wanted);
    fine = fine && range;
    for (const int64_t layer : range.value_or(std::vector<int64_t>())) {
      if (seen.insert(layer).second) {
        layers.push_back(layer);
      } else {
        state.store->errors.add(item->place, "'" + key + "' names " + std::to_string(layer) + " twice",
                                "name every layer once");
        fine = false;
        break;
      }
    }
  }
  return fine ? std::optional(layers) : std::nullopt;
}

RecordedValue recorded_layers(const std::optional<std::vector<int64_t>>& layers) {
  return layers ? recorded_list(*layers) : RecordedValue{"all", "all"};
}

nlohmann::ordered_json untyped_json(const std::string& text) {
  if (const auto integer = integer_from(text)) return *integer;
  if (const auto number = number_from(text)) return *number;
  if (const auto truth = truth_from(text)) return *truth;
  return text;
}

struct NumberChecks {
  const Check<double>& value;
  const Check<std::string>& name;
};

bool checked_name(ConfigNodeState& state, const std::string& key, const ConfigEntry& entry,
                  const Check<std::string>& check) {
  const auto wrong = check && entry.key != "default" ? check(entry.key) : std::nullopt;
  if (wrong) state.store->errors.add(entry.key_place, "'" + entry.key + "' in '" + key + "' " + *wrong);
  return !wrong;
}

std::map<std::string, double> numbers_of(ConfigNodeState& state, const std::string& key,
                                         const ConfigValue& found, const NumberChecks& checks,
                                         const std::map<std::string, double>& before) {
  std::map<std::string, double> numbers;
  if (found.kind != ConfigKind::kMapping) {
    const auto number = checked_scalar<double>(state, key, found, checks.value);
    return number ? std::map<std::string, double>{{"default", *number}} : before;
  }
  if (before.contains("default")) numbers["default"] = before.at("default");
  bool fine = true;
  for (const auto& entry : found.entries) {
    const auto number = checked_scalar<double>(state, key + "." + entry.key, *entry.value, checks.value);
    if (number) numbers[entry.key] = *number;
    fine = checked_name(state, key, entry, checks.name) && number && fine;
  }
  return fine ? numbers : before;
}

std::string numbers_text(const std::map<std::string, double>& numbers) {
  if (numbers.size() == 1 && numbers.contains("default")) return number_text(numbers.at("default"));
  std::string text;
  if (numbers.contains("default")) text = "default: " + number_text(numbers.at("default"));
  for (const auto& [name, number] : numbers) {
    if (name == "default") continue;
    text += (text.empty() ? "" : ", ") + key_text(name) + ": " + number_text(number);
  }
  return "{" + text + "}";
}

RecordedValue recorded_numbers(const std::map<std::string, double>& numbers) {
  return {numbers_text(numbers), numbers};
}

}  // namespace

void ConfigNode::read(const std::string& key, std::string& value, const Check<std::string>& check) {
  read_scalar(*state_, key, value, check);
}

void ConfigNode::read_untyped(const std::string& key, std::string& value, const Check<std::string>& check) {
  read(key, value, check);
  state_->record(key, {scalar_text(value, false), untyped_json(value)});
}

void ConfigNode::read(const std::string& key, int64_t& value, const Check<int64_t>& check) {
  read_scalar(*state_, key, value, check);
}

void ConfigNode::read(const std::string& key, double& value, const Check<double>& check) {
  read_scalar(*state_, key, value, check);
}

void ConfigNode::read(const std::string& key, bool& value) { read_scalar<bool>(*state_, key, value, {}); }

void ConfigNode::read(const std::string& key, std::optional<int64_t>& value, const Check<int64_t>& check) {
  read_optional(*state_, key, value, check);
}

void ConfigNode::read(const std::string& key, std::optional<double>& value, const Check<double>& check) {
  read_optional(*state_, key, value, check);
}

void ConfigNode::read(const std::string& key, std::optional<std::string>& value,
                      const Check<std::string>& check) {
  read_optional(*state_, key, value, check);
}

void ConfigNode::read(const std::string& key, std::optional<bool>& value) {
  read_optional<bool>(*state_, key, value, {});
}

void ConfigNode::record_default(const std::string& key, double value) {
  state_->record(key, recorded(value));
}

void ConfigNode::record_default(const std::string& key, bool value) { state_->record(key, recorded(value)); }

void ConfigNode::record_default(const std::string& key, const std::string& value) {
  state_->record(key, recorded(value));
}

void ConfigNode::record_default(const std::string& key, const std::vector<int64_t>& layers) {
  state_->record(key, recorded_list(layers));
}

void ConfigNode::record_empty(const std::string& key, const std::string& comment) {
  state_->record(key, {"null", nullptr, comment});
}

void ConfigNode::read(const std::string& key, std::vector<std::string>& value) {
  read_list(*state_, key, value, "a string or a list of strings");
}

void ConfigNode::read(const std::string& key, std::vector<double>& value) {
  read_list(*state_, key, value, "a number or a list of numbers");
}

void ConfigNode::read(const std::string& key, std::vector<int64_t>& layers) {
  const auto before = recorded_list(layers);
  if (const ConfigValue* found = taken(*state_, key)) {
    if (auto result = layers_of(*state_, key, *found, "a list of integers and ranges such as [0-5, 11]")) {
      layers = std::move(*result);
    }
  }
  state_->record_read(key, before, recorded_list(layers));
}

void ConfigNode::read(const std::string& key, std::optional<std::vector<int64_t>>& layers) {
  const auto before = recorded_layers(layers);
  if (const ConfigValue* found = taken(*state_, key)) {
    const bool all =
        found->kind == ConfigKind::kNull || (found->kind == ConfigKind::kScalar && found->text == "all");
    if (all) {
      layers.reset();
    } else if (auto result =
                   layers_of(*state_, key, *found, "all, or a list of layers and ranges such as [0-5, 11]")) {
      layers = std::move(result);
    }
  }
  state_->record_read(key, before, recorded_layers(layers));
}

void ConfigNode::read(const std::string& key, std::map<std::string, double>& value,
                      const Check<double>& check, const Check<std::string>& name_check) {
  const auto before = recorded_numbers(value);
  if (const ConfigValue* found = taken(*state_, key)) {
    value = numbers_of(*state_, key, *found, {check, name_check}, value);
  }
  state_->record_read(key, before, recorded_numbers(value));
}

}  // namespace adaptune
