#include "interop/json_fields.h"

#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"

namespace adaptune {
namespace {

using nlohmann::json;

const json& null_value() {
  static const json null;
  return null;
}

// Whether a key with this value switches nothing on.
bool asks_for_nothing(const json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.empty();
}

}  // namespace

JsonFields::JsonFields(const json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) throw InputError(where_ + ": a JSON object is expected, found " + object.dump());
}

const json& JsonFields::raw(const std::string& key) {
  read_.insert(key);
  const auto found = object_.find(key);
  return found == object_.end() ? null_value() : *found;
}

bool JsonFields::has(const std::string& key) { return !raw(key).is_null(); }

void JsonFields::fail(const std::string& key, const std::string& problem) const {
  throw InputError(where_ + ": '" + key + "' " + problem);
}

bool JsonFields::flag(const std::string& key, bool fallback) {
  const json& value = raw(key);
  if (value.is_null()) return fallback;
  if (!value.is_boolean()) fail(key, "must be true or false, found " + value.dump());
  return value;
}

int64_t JsonFields::integer(const std::string& key, int64_t fallback) {
  const json& value = raw(key);
  if (value.is_null()) return fallback;
  if (!value.is_number_integer()) fail(key, "must be a whole number, found " + value.dump());
  return value;
}

double JsonFields::number(const std::string& key, double fallback) {
  const json& value = raw(key);
  if (value.is_null()) return fallback;
  if (!value.is_number()) fail(key, "must be a number, found " + value.dump());
  return value;
}

std::string JsonFields::text(const std::string& key, const std::string& fallback) {
  const json& value = raw(key);
  if (value.is_null()) return fallback;
  if (!value.is_string()) fail(key, "must be a text, found " + value.dump());
  return value;
}

std::vector<std::string> JsonFields::texts(const std::string& key, const std::vector<std::string>& fallback) {
  const json& value = raw(key);
  if (value.is_null()) return fallback;
  std::vector<std::string> texts;
  if (!value.is_array()) fail(key, "must be a list of texts, found " + value.dump());
  for (const json& entry : value) {
    if (!entry.is_string()) fail(key, "must be a list of texts, found " + value.dump());
    texts.push_back(entry);
  }
  return texts;
}

std::vector<int64_t> JsonFields::integers(const std::string& key) {
  const json& value = raw(key);
  std::vector<int64_t> numbers;
  if (value.is_null()) return numbers;
  if (!value.is_array()) fail(key, "must be a list of whole numbers, found " + value.dump());
  for (const json& entry : value) {
    if (!entry.is_number_integer()) fail(key, "must be a list of whole numbers, found " + value.dump());
    numbers.push_back(entry);
  }
  return numbers;
}

void JsonFields::require(const std::vector<std::string>& keys) const {
  std::string missing;
  for (const auto& key : keys) {
    if (!object_.contains(key)) missing += " " + key;
  }
  if (!missing.empty()) throw InputError(where_ + ": required keys are missing:" + missing);
}

void JsonFields::ignore(const std::vector<std::string>& keys) { read_.insert(keys.begin(), keys.end()); }

void JsonFields::refuse_rest() const {
  std::string rest;
  for (const auto& [key, value] : object_.items()) {
    if (!read_.count(key) && !asks_for_nothing(value)) rest += " " + key + "=" + value.dump();
  }
  if (!rest.empty()) throw InputError(where_ + ": not supported:" + rest);
}

json read_json_file(const std::string& path) {
  try {
    return json::parse(read_file(path));
  } catch (const json::exception& error) {
    throw InputError(path + ": not valid JSON: " + error.what());
  }
}

}  // namespace adaptune
