#include "tokenizer/byte_bpe_settings.h"

#include <string>

#include "core/error.h"
#include "core/sha256.h"
#include "tokenizer/post_processor.h"

namespace adaptune {
namespace {

using nlohmann::json;

const std::vector<TokenRole> kRobertaRoles = {
    {"bos_token", "<s>"},   {"cls_token", "<s>"},   {"eos_token", "</s>"},         {"sep_token", "</s>"},
    {"unk_token", "<unk>"}, {"pad_token", "<pad>"}, {"mask_token", "<mask>", true}};
const std::vector<TokenRole> kGpt2Roles = {
    {"bos_token", "<|endoftext|>"}, {"eos_token", "<|endoftext|>"}, {"unk_token", "<|endoftext|>"}};

ByteBpe::Merge read_merge(const std::string& line, const std::string& where) {
  const auto blank = line.find(' ');
  if (blank == std::string::npos || blank == 0 || line.find(' ', blank + 1) != std::string::npos) {
    throw InputError(where + ": '" + line + "' is no merge; must be two tokens with a blank between them");
  }
  return {line.substr(0, blank), line.substr(blank + 1)};
}

std::vector<ByteBpe::Merge> read_merges(const std::filesystem::path& file) {
  std::vector<ByteBpe::Merge> merges;
  const std::vector<std::string> lines = read_token_lines(file);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool heading = i == 0 && lines[i].rfind("#version", 0) == 0;
    if (lines[i].empty() || heading) continue;
    merges.push_back(read_merge(lines[i], file.string() + ":" + std::to_string(i + 1)));
  }
  return merges;
}

std::vector<ByteBpe::Merge> read_merges(const json& nodes, const std::string& where) {
  std::vector<ByteBpe::Merge> merges;
  for (const auto& node : nodes) {
    merges.push_back(node.is_string()
                         ? read_merge(node.get<std::string>(), where)
                         : ByteBpe::Merge(node.at(0).get<std::string>(), node.at(1).get<std::string>()));
  }
  return merges;
}

std::string type_of(const json& node) {
  return node.is_null() ? "null" : node.value("type", std::string("without a type"));
}

json part(const json& root, const char* key) { return root.contains(key) ? root[key] : json(); }

void require(bool holds, const std::string& where, const std::string& what) {
  if (!holds) throw InputError(where + ": " + what + "; of BPE models only byte-level ones are known");
}

void read_model(const json& model, const std::string& where, ByteBpeSettings& settings) {
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json value = part(model, key);
    require(value.is_null() || value == json(""), where, "model." + std::string(key) + " is " + value.dump());
  }
  for (const char* key : {"byte_fallback", "ignore_merges"}) {
    require(!model.value(key, false), where, "model." + std::string(key) + " is true");
  }
  settings.tokens = read_token_object(model.at("vocab"), where);
  settings.merges = read_merges(model.at("merges"), where);
}

void read_parts(const json& root, const std::string& where, ByteBpeSettings& settings) {
  read_model(root.at("model"), where, settings);
  settings.added_tokens = read_added_tokens(part(root, "added_tokens"), where);
  require(part(root, "normalizer").is_null(), where,
          "normalizer '" + type_of(part(root, "normalizer")) + "'");
  const json pre_tokenizer = part(root, "pre_tokenizer"), decoder = part(root, "decoder");
  require(type_of(pre_tokenizer) == "ByteLevel", where, "pre_tokenizer '" + type_of(pre_tokenizer) + "'");
  require(pre_tokenizer.value("use_regex", true), where, "pre_tokenizer.use_regex is false");
  require(type_of(decoder) == "ByteLevel", where, "decoder '" + type_of(decoder) + "'");
  settings.add_prefix_space = pre_tokenizer.value("add_prefix_space", true);
  const json processor = part(root, "post_processor");
  if (processor.is_null()) {
    settings.layout = plain_template();
    return;
  }
  const PostProcessor read = read_post_processor(processor, where);
  settings.layout = read.layout;
  settings.trim_offsets = read.trim_offsets;
}

// Models without padding have no token for it: any will do, as its places are masked.
void read_ids(const SpecialTokenFiles& files, const TokenIds& ids, const json& model,
              ByteBpeSettings& settings) {
  settings.pad_id = ids.find(files.content("pad_token", "<pad>")).value_or(0);
  settings.mask_id = ids.find(files.content("mask_token", "<mask>"));
  const json unknown = part(model, "unk_token");
  if (unknown.is_string()) settings.unknown_id = ids.find(unknown.get<std::string>());
}

void override_prefix(const json& config, ByteBpeSettings& settings) {
  const json value = config.is_object() ? part(config, "add_prefix_space") : json();
  if (value.is_boolean()) settings.add_prefix_space = value.get<bool>();
}

bool has_roberta_layout(const SpecialTokenFiles& files, const TokenIds& ids) {
  const std::string name =
      files.config.is_object() ? files.config.value("tokenizer_class", std::string()) : std::string();
  if (!name.empty() && name.find("Roberta") == std::string::npos) return false;
  return ids.find(files.content("cls_token", "<s>")) && ids.find(files.content("sep_token", "</s>"));
}

ByteBpeSettings vocabulary_settings(const std::filesystem::path& folder) {
  const std::string where = (folder / "vocab.json").string();
  if (!std::filesystem::exists(folder / "merges.txt")) {
    throw InputError((folder / "merges.txt").string() + ": missing; vocab.json needs it beside it");
  }
  const SpecialTokenFiles files = read_special_token_files(folder);
  ByteBpeSettings settings;
  settings.tokens = read_token_object(read_json_if_present(folder / "vocab.json"), where);
  settings.merges = read_merges(folder / "merges.txt");
  settings.layout = plain_template();
  TokenIds ids(settings);
  ids.add(files);
  const bool roberta = has_roberta_layout(files, ids);
  ids.add_usual(files, roberta ? kRobertaRoles : kGpt2Roles);
  if (roberta) {
    settings.trim_offsets = true;
    settings.layout = roberta_template(ids.required(files.content("cls_token", "<s>"), where),
                                       ids.required(files.content("sep_token", "</s>"), where));
  }
  override_prefix(files.config, settings);
  read_ids(files, ids, json(), settings);
  return settings;
}

ByteBpeSettings json_settings(const std::filesystem::path& folder, const json& root) {
  const SpecialTokenFiles files = read_special_token_files(folder);
  ByteBpeSettings settings;
  read_parts(root, (folder / "tokenizer.json").string(), settings);
  TokenIds ids(settings);
  ids.add(files);
  override_prefix(files.config, settings);
  read_ids(files, ids, root.at("model"), settings);
  return settings;
}

}  // namespace

ByteBpeSettings read_byte_bpe_vocabulary(const std::filesystem::path& folder) {
  try {
    return vocabulary_settings(folder);
  } catch (const json::exception& e) {
    throw InputError((folder / "vocab.json").string() + ": " + e.what() + "; fetch the file again");
  }
}

ByteBpeSettings read_byte_bpe_json(const std::filesystem::path& folder, const json& root) {
  try {
    return json_settings(folder, root);
  } catch (const json::exception& e) {
    throw InputError((folder / "tokenizer.json").string() + ": " + e.what() + "; fetch the file again");
  }
}

std::string byte_bpe_fingerprint(const ByteBpeSettings& settings) {
  Sha256 hash;
  hash_tokens(settings.tokens, hash);
  hash.update("byte-level BPE\n");
  for (const auto& [left, right] : settings.merges) hash.update(left + " " + right + "\n");
  hash.update(settings.add_prefix_space ? "1" : "0");
  hash.update(settings.trim_offsets ? "1" : "0");
  hash.update(std::to_string(settings.pad_id) + "\n" + std::to_string(settings.unknown_id.value_or(-1)) +
              "\n");
  hash_special(settings, hash);
  return hash.hex();
}

}  // namespace adaptune
