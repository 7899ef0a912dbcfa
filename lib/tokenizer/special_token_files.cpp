#include "tokenizer/special_token_files.h"

#include "core/atomic_file.h"
#include "core/error.h"

namespace adaptune {
namespace {

constexpr const char* kRoles[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                  "pad_token", "cls_token", "mask_token"};

void read_roles(const nlohmann::json& object, const std::string& where, SpecialTokenFiles& files) {
  if (!object.is_object()) return;
  for (const char* role : kRoles) {
    if (!object.contains(role) || object[role].is_null()) continue;
    files.named[role] = read_added_token(object[role], where + ": " + role);
  }
  if (!object.contains("additional_special_tokens") || object["additional_special_tokens"].is_null()) return;
  files.additional.clear();
  for (const auto& value : object["additional_special_tokens"]) {
    files.additional.push_back(read_added_token(value, where + ": additional_special_tokens"));
  }
}

void read_decoder(const nlohmann::json& decoder, const std::string& where, SpecialTokenFiles& files) {
  for (const auto& [id, value] : decoder.items()) {
    AddedToken token = read_added_token(value, where + ": added_tokens_decoder");
    if (id.empty() || id.size() > 9 || id.find_first_not_of("0123456789") != std::string::npos) {
      throw InputError(where + ": added_tokens_decoder has the key '" + id + "'; must be a token id");
    }
    token.id = std::stoi(id);
    files.with_ids.push_back(token);
  }
}

void read_added(const nlohmann::json& added, SpecialTokenFiles& files) {
  if (!added.is_object()) return;
  for (const auto& [content, id] : added.items()) {
    AddedToken token;
    token.content = content;
    token.id = id.get<int32_t>();
    token.special = false;
    for (const auto& [role, special] : files.named)
      token.special = token.special || special.content == content;
    for (const auto& special : files.additional) token.special = token.special || special.content == content;
    token.normalized = !token.special;
    files.with_ids.push_back(token);
  }
}

}  // namespace

nlohmann::json read_json_if_present(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return nullptr;
  try {
    return nlohmann::json::parse(read_file(file));
  } catch (const nlohmann::json::exception& e) {
    throw InputError(file.string() + ": not valid JSON: " + e.what() + "; fetch the file again");
  }
}

AddedToken read_added_token(const nlohmann::json& value, const std::string& where) {
  AddedToken token;
  if (value.is_string()) {
    token.content = value.get<std::string>();
    return token;
  }
  if (!value.is_object() || !value.contains("content") || !value["content"].is_string()) {
    throw InputError(where + ": " + value.dump().substr(0, 80) +
                     " is no token; must be text, or an object with 'content'");
  }
  token.content = value["content"].get<std::string>();
  token.special = value.value("special", true);
  token.single_word = value.value("single_word", false);
  token.lstrip = value.value("lstrip", false);
  token.rstrip = value.value("rstrip", false);
  token.normalized = value.value("normalized", !token.special);
  return token;
}

std::string SpecialTokenFiles::content(const std::string& role, const std::string& otherwise) const {
  auto found = named.find(role);
  return found == named.end() ? otherwise : found->second.content;
}

SpecialTokenFiles read_special_token_files(const std::filesystem::path& folder) {
  auto config_file = folder / "tokenizer_config.json";
  auto map_file = folder / "special_tokens_map.json";
  auto added_file = folder / "added_tokens.json";
  SpecialTokenFiles files;
  files.config = read_json_if_present(config_file);
  if (!files.config.is_null() && !files.config.is_object()) {
    throw InputError(config_file.string() + ": holds no object; fetch the file again");
  }
  try {
    read_roles(files.config, config_file.string(), files);
    if (files.config.is_object() && files.config.contains("added_tokens_decoder")) {
      read_decoder(files.config["added_tokens_decoder"], config_file.string(), files);
      return files;
    }
    read_roles(read_json_if_present(map_file), map_file.string(), files);
    read_added(read_json_if_present(added_file), files);
  } catch (const nlohmann::json::exception& e) {
    throw InputError(folder.string() + ": special tokens: " + e.what() + "; see tokenizer_config.json, " +
                     "special_tokens_map.json, added_tokens.json");
  }
  return files;
}

}  // namespace adaptune
