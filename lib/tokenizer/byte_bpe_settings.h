#pragma once
// Everything that defines a tokenizer of byte-level BPE, and its two forms on disk.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "tokenizer/byte_bpe.h"
#include "tokenizer/token_inventory.h"

namespace adaptune {

struct ByteBpeSettings : TokenInventory {
  std::vector<ByteBpe::Merge> merges;  // the first first
  std::optional<int32_t> unknown_id;
  bool add_prefix_space = false;  // before a text that does not begin with one
  bool trim_offsets = false;      // offsets leave out the blanks at both ends of a token
};

// Both also read tokenizer_config.json and special_tokens_map.json where present, whose add_prefix_space
// wins. Throw InputError: missing file, invalid JSON or UTF-8, a part of another kind, a special token that
// is not in the vocabulary.
//
// vocab.json and merges.txt. RoBERTa's layout (<s> A </s></s> B </s>, offsets trimmed) where the special
// tokens of cls_token and sep_token, or <s> and </s>, are in the vocabulary and no class of another kind is
// named; else none.
ByteBpeSettings read_byte_bpe_vocabulary(const std::filesystem::path& folder);
// `root` is the folder's tokenizer.json, with a BPE model over bytes.
ByteBpeSettings read_byte_bpe_json(const std::filesystem::path& folder, const nlohmann::json& root);

// SHA-256 (hex) over all that changes what the tokenizer gives.
std::string byte_bpe_fingerprint(const ByteBpeSettings& settings);

}  // namespace adaptune
