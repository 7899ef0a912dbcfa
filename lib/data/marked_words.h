#pragma once
// Texts with their entities marked, as Wang et al. 2021 mark them: "@" before and after the first, "#" around
// the second.

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "tokenizer/tokenizer.h"

namespace adaptune {

struct MarkedWords {
  std::vector<std::string> words;  // of a text: what stands between blanks and markers
  std::vector<int64_t> markers;    // by entity: the index of the marker in front of it
  std::vector<int64_t> ends;       // and of that behind it
  EntitySpan marked;               // from the first marker to behind the last one
};

// An entity may lie in another one.
MarkedWords mark_entities(const Example& example);

struct MarkedEncoding {
  Encoding encoding;  // word_ids as in the words that were encoded
  std::vector<int32_t>
      marks;  // by entity: the first token of its marker; -1: it was cut off, or a part of it
};

// Cuts words off both ends, first behind and then in front, so that all entities stay where they fit at all;
// where they do not, as the options say.
MarkedEncoding encode_marked(const MarkedWords& marked, const Tokenizer& tokenizer,
                             const EncodeOptions& options);

}  // namespace adaptune
