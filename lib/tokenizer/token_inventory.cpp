#include "tokenizer/token_inventory.h"

#include <algorithm>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/utf8.h"

namespace adaptune {
namespace {

constexpr int32_t kLargestId = 1 << 26;

void check_id(int64_t id, const std::string& what) {
  if (id >= 0 && id <= kLargestId) return;
  throw InputError(what + " has the id " + std::to_string(id) + "; must be from 0 to " +
                   std::to_string(kLargestId));
}

void hash_items(const std::vector<TemplateItem>& items, Sha256& hash) {
  for (const auto& item : items) {
    hash.update(std::to_string(static_cast<int>(item.kind)) + ":" + std::to_string(item.type_id));
    for (int32_t id : item.ids) hash.update("," + std::to_string(id));
    hash.update(";");
  }
}

void hash_added_tokens(std::vector<AddedToken> tokens, Sha256& hash) {
  std::sort(tokens.begin(), tokens.end(),
            [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  for (const auto& token : tokens) {
    hash.update(token.content + "\n" + std::to_string(token.id));
    for (bool flag : {token.special, token.single_word, token.lstrip, token.rstrip, token.normalized}) {
      hash.update(flag ? "1" : "0");
    }
  }
}

}  // namespace

bool TokenInventory::is_added(const std::string& content) const {
  return std::any_of(added_tokens.begin(), added_tokens.end(),
                     [&](const AddedToken& token) { return token.content == content; });
}

std::vector<std::string> TokenInventory::all_tokens() const {
  std::vector<std::string> all = tokens;
  for (const auto& token : added_tokens) {
    if (all.size() <= static_cast<std::size_t>(token.id)) all.resize(token.id + 1);
    all[token.id] = token.content;
  }
  return all;
}

TokenIds::TokenIds(TokenInventory& inventory)
    : inventory_(inventory), next_(static_cast<int32_t>(inventory.tokens.size())) {
  for (std::size_t id = 0; id < inventory.tokens.size(); ++id) {
    ids_[inventory.tokens[id]] = static_cast<int32_t>(id);
  }
  for (const auto& token : inventory.added_tokens) remember(token);
}

std::optional<int32_t> TokenIds::find(const std::string& content) const {
  auto found = ids_.find(content);
  return found == ids_.end() ? std::nullopt : std::optional<int32_t>(found->second);
}

int32_t TokenIds::required(const std::string& content, const std::string& where) const {
  auto id = find(content);
  if (id) return *id;
  throw InputError(where + ": the special token '" + content +
                   "' is not in the vocabulary; add it, or name the right one in tokenizer_config.json");
}

void TokenIds::remember(const AddedToken& token) {
  ids_.emplace(token.content, token.id);
  next_ = std::max(next_, token.id + 1);
}

// Unless it is there; `own_id` where the vocabulary does not know it.
void TokenIds::add_token(AddedToken token, int32_t own_id) {
  if (token.content.empty() || inventory_.is_added(token.content)) return;
  token.id = find(token.content).value_or(own_id);
  check_id(token.id, "added token '" + token.content + "'");
  inventory_.added_tokens.push_back(token);
  remember(token);
}

void TokenIds::add(const SpecialTokenFiles& files) {
  for (const auto& token : files.with_ids) add_token(token, token.id);
  for (const auto& [role, token] : files.named) add_token(token, next_);
  for (const auto& token : files.additional) add_token(token, next_);
}

void TokenIds::add_usual(const SpecialTokenFiles& files, const std::vector<TokenRole>& roles) {
  for (const auto& role : roles) {
    if (files.named.count(role.role) != 0 || !find(role.content)) continue;
    AddedToken token;
    token.content = role.content;
    token.lstrip = role.lstrip;
    add_token(token, 0);
  }
}

std::vector<std::string> read_token_lines(const std::filesystem::path& file) {
  std::string bytes = read_file(file);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < bytes.size();) {
    std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    std::size_t size = end - begin;
    if (size > 0 && bytes[end - 1] == '\r') --size;
    lines.push_back(bytes.substr(begin, size));
    if (!is_valid_utf8(lines.back())) {
      throw InputError(file.string() + ":" + std::to_string(lines.size()) +
                       ": not valid UTF-8; fetch the file again");
    }
    begin = end + 1;
  }
  if (lines.empty()) throw InputError(file.string() + ": holds no tokens; must have one a line");
  return lines;
}

std::vector<std::string> read_token_object(const nlohmann::json& vocabulary, const std::string& where) {
  std::vector<std::string> tokens;
  for (const auto& [token, node] : vocabulary.items()) {
    auto id = node.get<int64_t>();
    check_id(id, where + ": token '" + token + "'");
    if (tokens.size() <= static_cast<std::size_t>(id)) tokens.resize(id + 1);
    tokens[id] = token;
  }
  return tokens;
}

std::vector<AddedToken> read_added_tokens(const nlohmann::json& nodes, const std::string& where) {
  std::vector<AddedToken> tokens;
  if (nodes.is_null()) return tokens;
  for (const auto& node : nodes) {
    AddedToken token = read_added_token(node, where + ": added_tokens");
    token.special = node.value("special", false);
    token.normalized = node.value("normalized", !token.special);
    token.id = node.at("id").get<int32_t>();
    check_id(token.id, "added token '" + token.content + "'");
    tokens.push_back(token);
  }
  return tokens;
}

void hash_tokens(const std::vector<std::string>& tokens, Sha256& hash) {
  for (const auto& token : tokens) hash.update(token + "\n");
}

void hash_special(const TokenInventory& inventory, Sha256& hash) {
  hash_added_tokens(inventory.added_tokens, hash);
  hash_items(inventory.layout.single, hash);
  hash_items(inventory.layout.pair, hash);
}

}  // namespace adaptune
