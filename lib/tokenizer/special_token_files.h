#pragma once
// tokenizer_config.json, special_tokens_map.json and added_tokens.json of a model folder.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tokenizer/added_tokens.h"

namespace adaptune {

// The parsed file; `null` if absent. Throws InputError naming the file for invalid JSON.
nlohmann::json read_json_if_present(const std::filesystem::path& file);

// "[CLS]" or {"content": "[CLS]", "lstrip": ...}, the id 0. Throws InputError naming `where`.
AddedToken read_added_token(const nlohmann::json& value, const std::string& where);

struct SpecialTokenFiles {
  nlohmann::json config;  // tokenizer_config.json; null if absent
  std::map<std::string, AddedToken>
      named;                           // by role: cls_token, sep_token, pad_token, unk_token, mask_token, ...
  std::vector<AddedToken> additional;  // additional_special_tokens
  std::vector<AddedToken> with_ids;    // added_tokens_decoder or added_tokens.json: ids as given

  // The content of a role, or `otherwise`.
  std::string content(const std::string& role, const std::string& otherwise) const;
};

// The map counts over the configuration unless that has an added_tokens_decoder, as in transformers.
SpecialTokenFiles read_special_token_files(const std::filesystem::path& folder);

}  // namespace adaptune
