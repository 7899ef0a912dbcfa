#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace adaptune {

// Typed reads from one object of a JSON configuration. A value of another type than asked for throws
// InputError "where: 'key' ...". Absent and null keys give the default.
class JsonFields {
 public:
  // `object` must outlive it; InputError unless it is a JSON object.
  JsonFields(const nlohmann::json& object, std::string where);

  bool has(const std::string& key);  // present and not null
  bool flag(const std::string& key, bool fallback);
  int64_t integer(const std::string& key, int64_t fallback);
  double number(const std::string& key, double fallback);
  std::string text(const std::string& key, const std::string& fallback);
  std::vector<std::string> texts(const std::string& key, const std::vector<std::string>& fallback);
  std::vector<int64_t> integers(const std::string& key);
  // The value as it is; null when absent.
  const nlohmann::json& raw(const std::string& key);

  // Throws InputError for each of `keys` that is absent; null counts as present.
  void require(const std::vector<std::string>& keys) const;
  // Marks keys whose value cannot change any result.
  void ignore(const std::vector<std::string>& keys);
  // InputError naming every key not read so far that asks for something: any value but null, false, zero,
  // and what is empty.
  void refuse_rest() const;
  [[noreturn]] void fail(const std::string& key, const std::string& problem) const;
  const std::string& where() const { return where_; }

 private:
  const nlohmann::json& object_;
  std::string where_;
  std::set<std::string> read_;
};

// The content of a JSON file; InputError when it is missing or not valid.
nlohmann::json read_json_file(const std::string& path);

}  // namespace adaptune
