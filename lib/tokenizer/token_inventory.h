#pragma once
// Which tokens a tokenizer has, which of them are special, and where these go.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/sha256.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/sequence_template.h"
#include "tokenizer/special_token_files.h"

namespace adaptune {

struct TokenInventory {
  std::vector<std::string> tokens;  // by id, "" where there is none; without added tokens beyond them
  std::vector<AddedToken> added_tokens;
  SequenceTemplate layout;
  int32_t pad_id = 0;
  std::optional<int32_t> mask_id;  // what stands for a token to be guessed

  bool is_added(const std::string& content) const;
  // By id, added ones too.
  std::vector<std::string> all_tokens() const;
};

// A role of a special token, and its content where no file names another.
struct TokenRole {
  const char* role;
  const char* content;
  bool lstrip = false;
};

// Puts added tokens into an inventory whose `tokens` are complete, and finds tokens by content.
class TokenIds {
 public:
  explicit TokenIds(TokenInventory& inventory);

  std::optional<int32_t> find(const std::string& content) const;
  // Throws InputError that begins with `where` and names the token.
  int32_t required(const std::string& content, const std::string& where) const;
  // Those of tokenizer_config.json and the files beside it; tokens that are there stay as they are.
  void add(const SpecialTokenFiles& files);
  // Roles that no file names, where the vocabulary knows their usual token.
  void add_usual(const SpecialTokenFiles& files, const std::vector<TokenRole>& roles);

 private:
  void add_token(AddedToken token, int32_t own_id);
  void remember(const AddedToken& token);

  TokenInventory& inventory_;
  std::unordered_map<std::string, int32_t> ids_;
  int32_t next_;
};

// One a line; of line ends "\n" or "\r\n". Throws InputError naming the file: missing, without lines, not
// UTF-8.
std::vector<std::string> read_token_lines(const std::filesystem::path& file);
// Tokens by id of {"token": id, ...}. Throws InputError naming `where`.
std::vector<std::string> read_token_object(const nlohmann::json& vocabulary, const std::string& where);
// `added_tokens` of a tokenizer.json; null: none.
std::vector<AddedToken> read_added_tokens(const nlohmann::json& nodes, const std::string& where);

void hash_tokens(const std::vector<std::string>& tokens, Sha256& hash);
// Added tokens and layout.
void hash_special(const TokenInventory& inventory, Sha256& hash);

}  // namespace adaptune
