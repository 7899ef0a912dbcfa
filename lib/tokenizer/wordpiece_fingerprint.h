#pragma once

#include <string>

#include "tokenizer/wordpiece_settings.h"

namespace adaptune {

// SHA-256 (hex) over all that changes what the tokenizer gives, however it was stored on disk.
std::string wordpiece_fingerprint(const WordPieceSettings& settings);

}  // namespace adaptune
