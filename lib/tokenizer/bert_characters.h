#pragma once
// Character classes and mappings as Hugging Face's BERT normalizer and pre-tokenizer see them.
//
// That implementation takes general categories from Unicode 8, canonical decompositions and combining
// classes from Unicode 9, word characters from Unicode 16, lower case from Unicode 17. ICU's newer data is
// cut back by the age of the character, its older data extended, and the few characters whose category
// changed since are listed.

#include <cstdint>

namespace adaptune {

// Removed by clean_text: controls, format characters, private use. Tab, newline, return are white space.
bool is_bert_control(char32_t c);
// Unicode's White_Space.
bool is_bert_space(char32_t c);
// All of ASCII's symbols, and the categories P*.
bool is_bert_punctuation(char32_t c);
// The blocks of CJK ideographs, with the gap U+2B820..2B91F of the reference.
bool is_bert_ideograph(char32_t c);
// Category Mn, removed with the accents.
bool is_bert_accent(char32_t c);
int bert_combining_class(char32_t c);
// Letters, marks, decimal digits, connectors, joiners: what `\w` matches.
bool is_word_character(char32_t c);

constexpr int kLongestDecomposition = 4;
// Writes the full canonical decomposition and returns its length (1: `c` itself).
int decompose(char32_t c, char32_t (&decomposed)[kLongestDecomposition]);

constexpr int kLongestLowerCase = 2;
// Writes the lower case without regard to neighbours and returns its length.
int to_lower_case(char32_t c, char32_t (&lower)[kLongestLowerCase]);

}  // namespace adaptune
