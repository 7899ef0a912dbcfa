#include "tokenizer/wordpiece_settings.h"

#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/special_token_files.h"

namespace adaptune {
namespace {

const std::vector<TokenRole> kBertRoles = {{"unk_token", "[UNK]"},
                                           {"sep_token", "[SEP]"},
                                           {"pad_token", "[PAD]"},
                                           {"cls_token", "[CLS]"},
                                           {"mask_token", "[MASK]"}};

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

// Of equal lines the last counts.
std::vector<std::string> read_vocabulary(const std::filesystem::path& file) {
  std::vector<std::string> tokens = read_token_lines(file);
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
  settings.tokens = read_token_object(model.at("vocab"), where);
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

void read_parts(const nlohmann::json& root, const std::string& where, WordPieceSettings& settings) {
  auto part = [&](const char* key) { return root.contains(key) ? root[key] : nlohmann::json(); };
  read_model(root.at("model"), where, settings);
  read_normalizer(part("normalizer"), where, settings.normalizer);
  read_decoder(part("decoder"), where, settings.decoder);
  settings.added_tokens = read_added_tokens(part("added_tokens"), where);
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
  if (!settings.is_added(cls) || !settings.is_added(sep)) return plain_template();
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

void read_ids(const SpecialTokenFiles& files, const TokenIds& ids, const std::string& where,
              WordPieceSettings& settings) {
  settings.pad_id = ids.required(files.content("pad_token", "[PAD]"), where);
  settings.mask_id = ids.find(files.content("mask_token", "[MASK]"));
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
  ids.add(files);
  ids.add_usual(files, kBertRoles);
  settings.layout = bert_template(ids.required(files.content("cls_token", "[CLS]"), where),
                                  ids.required(files.content("sep_token", "[SEP]"), where));
  read_ids(files, ids, where, settings);
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
  ids.add(files);
  bool has_processor = root.contains("post_processor") && !root["post_processor"].is_null();
  settings.layout = has_processor ? read_post_processor(root["post_processor"], where).layout
                                  : layout_without_processor(files, settings, ids);
  read_ids(files, ids, where, settings);
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
