#pragma once
// Everything that defines a WordPiece tokenizer, and its two forms on disk.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tokenizer/bert_normalizer.h"
#include "tokenizer/token_inventory.h"

namespace adaptune {

struct WordPieceDecoder {
  bool joins_pieces = true;  // false: no decoder, all tokens are joined with blanks
  std::string prefix = "##";
  bool cleanup = true;        // " ." -> "." in each token
  bool cleanup_text = false;  // the same over the whole text (clean_up_tokenization_spaces)
};

struct WordPieceSettings : TokenInventory {
  std::string unknown_token = "[UNK]";
  std::string prefix = "##";
  int64_t max_input_chars_per_word = 100;
  BertNormalizerSettings normalizer;
  WordPieceDecoder decoder;
};

// Both also read tokenizer_config.json and special_tokens_map.json where present; their values win, as in
// transformers. Throw InputError: missing file, invalid JSON or UTF-8, a part of another kind (names it and
// what would be right), a special token that is not in the vocabulary.
//
// vocab.txt: one token a line, the line number (from 0) is the id. Layout: BERT's.
WordPieceSettings read_wordpiece_vocabulary(const std::filesystem::path& folder);
// `root` is the folder's tokenizer.json, with a WordPiece model. Its truncation and padding are not
// used. Without a post-processor the layout is BERT's if [CLS] and [SEP] are special tokens, else plain.
WordPieceSettings read_wordpiece_json(const std::filesystem::path& folder, const nlohmann::json& root);

}  // namespace adaptune
