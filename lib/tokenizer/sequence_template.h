#pragma once
// Where special tokens go around one text or a pair, and how encodings are put together from that.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer.h"
#include "tokenizer/truncation.h"

namespace adaptune {

// Tokens of one text, without special tokens. One entry a token.
struct TextTokens {
  std::vector<int32_t> ids;
  std::vector<std::pair<int32_t, int32_t>> offsets;
  std::vector<int32_t> word_ids;

  void push(int32_t id, std::pair<int32_t, int32_t> offset, int32_t word_id) {
    ids.push_back(id);
    offsets.push_back(offset);
    word_ids.push_back(word_id);
  }
};

struct TemplateItem {
  enum class Kind { kSpecial, kFirst, kSecond };
  Kind kind = Kind::kFirst;
  std::vector<int32_t> ids;  // of a special item
  int32_t type_id = 0;
};

struct SequenceTemplate {
  std::vector<TemplateItem> single, pair;
};

// [CLS] A [SEP] and [CLS] A [SEP] B [SEP], the second text and its end of type 1 (Devlin et al. 2019).
SequenceTemplate bert_template(int32_t cls_id, int32_t sep_id);
// <s> A </s> and <s> A </s></s> B </s>, all of type 0 (Liu et al. 2019).
SequenceTemplate roberta_template(int32_t cls_id, int32_t sep_id);
// A and A B, of types 0 and 1.
SequenceTemplate plain_template();

// `second` is null for a single text. Truncates, then fills the template. Throws InputError where
// max_length leaves no room for the special tokens, and as truncated_lengths does.
Encoding assemble(const SequenceTemplate& layout, const TextTokens& first, const TextTokens* second,
                  const EncodeOptions& options);

// One encoding a window over `second`; options.truncation is not used. Throws InputError where special
// tokens and the first text leave no room for the second, and as window_ranges does.
std::vector<Encoding> assemble_windows(const SequenceTemplate& layout, const TextTokens& first,
                                       const TextTokens& second, const EncodeOptions& options,
                                       int64_t stride);

}  // namespace adaptune
