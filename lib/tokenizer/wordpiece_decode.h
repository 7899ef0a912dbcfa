#pragma once

#include <string>
#include <vector>

#include "tokenizer/wordpiece_settings.h"

namespace adaptune {

// The text of tokens, as the WordPiece decoder of Hugging Face's tokenizers writes it: continuations
// joined, all others after a blank, English clean-up of each token on its own.
std::string decode_pieces(const std::vector<std::string>& tokens, const WordPieceDecoder& decoder);

}  // namespace adaptune
