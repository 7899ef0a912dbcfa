#include "tokenizer/wordpiece_fingerprint.h"

#include <algorithm>
#include <vector>

#include "core/sha256.h"

namespace adaptune {
namespace {

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

std::string wordpiece_fingerprint(const WordPieceSettings& settings) {
  Sha256 hash;
  const auto& normalizer = settings.normalizer;
  for (const auto& token : settings.tokens) hash.update(token + "\n");
  hash.update("WordPiece\n" + settings.unknown_token + "\n" + settings.prefix + "\n");
  hash.update(std::to_string(settings.max_input_chars_per_word));
  for (bool flag : {normalizer.clean_text, normalizer.handle_chinese_chars, normalizer.strips_accents(),
                    normalizer.lowercase, settings.decoder.joins_pieces, settings.decoder.cleanup,
                    settings.decoder.cleanup_text}) {
    hash.update(flag ? "1" : "0");
  }
  hash.update(settings.decoder.prefix + "\n" + std::to_string(settings.pad_id) + "\n");
  hash_added_tokens(settings.added_tokens, hash);
  hash_items(settings.layout.single, hash);
  hash_items(settings.layout.pair, hash);
  return hash.hex();
}

}  // namespace adaptune
