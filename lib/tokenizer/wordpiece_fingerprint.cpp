#include "tokenizer/wordpiece_fingerprint.h"

#include "core/sha256.h"

namespace adaptune {

std::string wordpiece_fingerprint(const WordPieceSettings& settings) {
  Sha256 hash;
  const auto& normalizer = settings.normalizer;
  hash_tokens(settings.tokens, hash);
  hash.update("WordPiece\n" + settings.unknown_token + "\n" + settings.prefix + "\n");
  hash.update(std::to_string(settings.max_input_chars_per_word));
  for (bool flag : {normalizer.clean_text, normalizer.handle_chinese_chars, normalizer.strips_accents(),
                    normalizer.lowercase, settings.decoder.joins_pieces, settings.decoder.cleanup,
                    settings.decoder.cleanup_text}) {
    hash.update(flag ? "1" : "0");
  }
  hash.update(settings.decoder.prefix + "\n" + std::to_string(settings.pad_id) + "\n");
  hash_special(settings, hash);
  return hash.hex();
}

}  // namespace adaptune
