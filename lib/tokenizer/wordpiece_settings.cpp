#include "tokenizer/wordpiece_settings.h"

#include <algorithm>
#include <unordered_map>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/utf8.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/special_token_files.h"

namespace adaptune {
namespace {

constexpr int32_t kLargestId = 1 << 26;
constexpr const char* kBertRoles[][2] = {{"unk_token", "[UNK]"},
                                         {"sep_token", "[SEP]"},
                                         {"pad_token", "[PAD]"},
                                         {"cls_token", "[CLS]"},
                                         {"mask_token", "[MASK]"}};

// Where tokens are found by content while the settings are put together.
class TokenIds {
 public:
  explicit TokenIds(const WordPieceSettings& settings) {
    for (std::size_t id = 0; id < settings.tokens.size(); ++id)
      ids_[settings.tokens[id]] = static_cast<int32_t>(id);
    next_ = static_cast<int32_t>(settings.tokens.size());
    for (const auto& token : settings.added_tokens) add(token);
  }

  std::optional<int32_t> find(const std::string& content) const {
    auto found = ids_.find(content);
    return found == ids_.end() ? std::nullopt : std::optional<int32_t>(found->second);
  }
  int32_t next() const { return next_; }
  void add(const AddedToken& token) {
    ids_.emplace(token.content, token.id);
    next_ = std::max(next_, token.id + 1);
  }

 private:
  std::unordered_map<std::string, int32_t> ids_;
  int32_t next_;
};

bool is_added(const WordPieceSettings& settings, const std::string& content) {
  return std::any_of(settings.added_tokens.begin(), settings.added_tokens.end(),
                     [&](const AddedToken& token) { return token.content == content; });
}

void check_id(const AddedToken& token) {
  if (token.id >= 0 && token.id <= kLargestId) return;
  throw InputError("added token '" + token.content + "' has the id " + std::to_string(token.id) +
                   "; must be from 0 to " + std::to_string(kLargestId));
}

// Adds a token unless it is there; `own_id` where the vocabulary does not know it.
void add_token(AddedToken token, int32_t own_id, WordPieceSettings& settings, TokenIds& ids) {
  if (token.content.empty() || is_added(settings, token.content)) return;
  token.id = ids.find(token.content).value_or(own_id);
  check_id(token);
  settings.added_tokens.push_back(token);
  ids.add(token);
}

void add_tokens_of_files(const SpecialTokenFiles& files, WordPieceSettings& settings, TokenIds& ids) {
  for (const auto& token : files.with_ids) add_token(token, token.id, settings, ids);
  for (const auto& [role, token] : files.named) add_token(token, ids.next(), settings, ids);
  for (const auto& token : files.additional) add_token(token, ids.next(), settings, ids);
}

void add_bert_tokens(const SpecialTokenFiles& files, WordPieceSettings& settings, TokenIds& ids) {
  for (const auto& [role, content] : kBertRoles) {
    if (files.named.count(role) != 0 || !ids.find(content)) continue;
    AddedToken token;
    token.content = content;
    add_token(token, 0, settings, ids);
  }
}

// The configuration counts over what the tokenizer file says; other classes than BERT's do not look at it.
void override_normalizer(const nlohmann::json& config, BertNormalizerSettings& normalizer) {
  if (!config.is_object()) return;
  std::string tokenizer_class = config.value("tokenizer_class", std::string());
  if (tokenizer_class.rfind("PreTrainedTokenizer", 0) == 0) return;
  auto is_set = [&](const char* key) { return config.contains(key) && !config[key].is_null(); };
  if (is_set("do_lower_case")) normalizer.lowercase = config["do_lower_case"].get<bool>();
  if (is_set("tokenize_chinese_chars"))
    normalizer.handle_chinese_chars = config["tokenize_chinese_chars"].get<bool>();
  if (!config.contains("strip_accents")) return;
  normalizer.strip_accents.reset();
  if (is_set("strip_accents")) normalizer.strip_accents = config["strip_accents"].get<bool>();
}

int32_t required_id(const TokenIds& ids, const std::string& content, const std::string& where) {
  auto id = ids.find(content);
  if (id) return *id;
  throw InputError(where + ": the special token '" + content +
                   "' is not in the vocabulary; add it, or name the right one in tokenizer_config.json");
}

std::vector<std::string> read_lines(const std::filesystem::path& file) {
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

// Of equal lines the last counts.
std::vector<std::string> read_vocabulary(const std::filesystem::path& file) {
  std::vector<std::string> tokens = read_lines(file);
  std::unordered_map<std::string, std::size_t> last;
  for (std::size_t id = 0; id < tokens.size(); ++id) last[tokens[id]] = id;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    if (last[tokens[id]] != id) tokens[id].clear();
  }
  return tokens;
}

std::string type_of(const nlohmann::json& node) { return node.value("type", std::string("without a type")); }

void read_model(const nlohmann::json& model, const std::string& where, WordPieceSettings& settings) {
  settings.unknown_token = model.value("unk_token", settings.unknown_token);
  settings.prefix = model.value("continuing_subword_prefix", settings.prefix);
  settings.max_input_chars_per_word =
      model.value("max_input_chars_per_word", settings.max_input_chars_per_word);
  for (const auto& [token, node] : model.at("vocab").items()) {
    auto id = node.get<int64_t>();
    if (id < 0 || id > kLargestId) {
      throw InputError(where + ": token '" + token + "' has the id " + std::to_string(id) +
                       "; must be from 0 to " + std::to_string(kLargestId));
    }
    if (settings.tokens.size() <= static_cast<std::size_t>(id)) settings.tokens.resize(id + 1);
    settings.tokens[id] = token;
  }
}

void read_normalizer(const nlohmann::json& node, const std::string& where,
                     BertNormalizerSettings& normalizer) {
  if (node.is_null()) {
    normalizer = {false, false, false, false};
    return;
  }
  if (type_of(node) != "BertNormalizer") {
    throw InputError(where + ": normalizer '" + type_of(node) +
                     "' with a WordPiece model; only BertNormalizer is known");
  }
  normalizer.clean_text = node.value("clean_text", true);
  normalizer.handle_chinese_chars = node.value("handle_chinese_chars", true);
  normalizer.lowercase = node.value("lowercase", true);
  if (node.contains("strip_accents") && !node["strip_accents"].is_null()) {
    normalizer.strip_accents = node["strip_accents"].get<bool>();
  }
}

void read_decoder(const nlohmann::json& node, const std::string& where, WordPieceDecoder& decoder) {
  decoder.joins_pieces = !node.is_null();
  if (node.is_null()) return;
  if (type_of(node) != "WordPiece") {
    throw InputError(where + ": decoder '" + type_of(node) +
                     "' with a WordPiece model; only WordPiece is known");
  }
  decoder.prefix = node.value("prefix", decoder.prefix);
  decoder.cleanup = node.value("cleanup", decoder.cleanup);
}

void read_added_tokens(const nlohmann::json& nodes, const std::string& where, WordPieceSettings& settings) {
  if (nodes.is_null()) return;
  for (const auto& node : nodes) {
    AddedToken token = read_added_token(node, where + ": added_tokens");
    token.special = node.value("special", false);
    token.normalized = node.value("normalized", !token.special);
    token.id = node.at("id").get<int32_t>();
    check_id(token);
    settings.added_tokens.push_back(token);
  }
}

void read_parts(const nlohmann::json& root, const std::string& where, WordPieceSettings& settings) {
  auto part = [&](const char* key) { return root.contains(key) ? root[key] : nlohmann::json(); };
  read_model(root.at("model"), where, settings);
  read_normalizer(part("normalizer"), where, settings.normalizer);
  read_decoder(part("decoder"), where, settings.decoder);
  read_added_tokens(part("added_tokens"), where, settings);
  auto pre_tokenizer = part("pre_tokenizer");
  if (pre_tokenizer.is_null() || type_of(pre_tokenizer) != "BertPreTokenizer") {
    throw InputError(where + ": pre_tokenizer '" +
                     (pre_tokenizer.is_null() ? "null" : type_of(pre_tokenizer)) +
                     "' with a WordPiece model; only BertPreTokenizer is known");
  }
}

SequenceTemplate layout_without_processor(const SpecialTokenFiles& files, const WordPieceSettings& settings,
                                          const TokenIds& ids) {
  std::string cls = files.content("cls_token", "[CLS]");
  std::string sep = files.content("sep_token", "[SEP]");
  if (!is_added(settings, cls) || !is_added(settings, sep)) return plain_template();
  return bert_template(*ids.find(cls), *ids.find(sep));
}

void read_cleanup(const nlohmann::json& config, WordPieceDecoder& decoder) {
  if (!config.is_object() || !config.contains("clean_up_tokenization_spaces")) return;
  const auto& value = config["clean_up_tokenization_spaces"];
  decoder.cleanup_text = value.is_boolean() && value.get<bool>();
}

void check_unknown_token(const WordPieceSettings& settings, const std::string& where) {
  const auto& tokens = settings.tokens;
  if (std::find(tokens.begin(), tokens.end(), settings.unknown_token) != tokens.end()) return;
  throw InputError(where + ": the unknown token '" + settings.unknown_token +
                   "' is not in the vocabulary; add it, or name the right one in tokenizer_config.json");
}

WordPieceSettings vocabulary_settings(const std::filesystem::path& folder) {
  std::string where = (folder / "vocab.txt").string();
  SpecialTokenFiles files = read_special_token_files(folder);
  WordPieceSettings settings;
  settings.tokens = read_vocabulary(folder / "vocab.txt");
  settings.unknown_token = files.content("unk_token", settings.unknown_token);
  check_unknown_token(settings, where);
  override_normalizer(files.config, settings.normalizer);
  read_cleanup(files.config, settings.decoder);
  TokenIds ids(settings);
  add_tokens_of_files(files, settings, ids);
  add_bert_tokens(files, settings, ids);
  settings.layout = bert_template(required_id(ids, files.content("cls_token", "[CLS]"), where),
                                  required_id(ids, files.content("sep_token", "[SEP]"), where));
  settings.pad_id = required_id(ids, files.content("pad_token", "[PAD]"), where);
  return settings;
}

WordPieceSettings json_settings(const std::filesystem::path& folder, const nlohmann::json& root) {
  std::string where = (folder / "tokenizer.json").string();
  SpecialTokenFiles files = read_special_token_files(folder);
  WordPieceSettings settings;
  read_parts(root, where, settings);
  check_unknown_token(settings, where);
  override_normalizer(files.config, settings.normalizer);
  read_cleanup(files.config, settings.decoder);
  TokenIds ids(settings);
  add_tokens_of_files(files, settings, ids);
  bool has_processor = root.contains("post_processor") && !root["post_processor"].is_null();
  settings.layout = has_processor ? read_post_processor(root["post_processor"], where)
                                  : layout_without_processor(files, settings, ids);
  settings.pad_id = required_id(ids, files.content("pad_token", "[PAD]"), where);
  return settings;
}

}  // namespace

WordPieceSettings read_wordpiece_vocabulary(const std::filesystem::path& folder) {
  try {
    return vocabulary_settings(folder);
  } catch (const nlohmann::json::exception& e) {
    throw InputError((folder / "tokenizer_config.json").string() + ": " + e.what());
  }
}

WordPieceSettings read_wordpiece_json(const std::filesystem::path& folder, const nlohmann::json& root) {
  try {
    return json_settings(folder, root);
  } catch (const nlohmann::json::exception& e) {
    throw InputError((folder / "tokenizer.json").string() + ": " + e.what() + "; fetch the file again");
  }
}

}  // namespace adaptune
