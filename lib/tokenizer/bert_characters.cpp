#include "tokenizer/bert_characters.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>

namespace adaptune {
namespace {

constexpr int kCategoryVersion = 8;
constexpr int kDecompositionVersion = 9;

bool newer_than(char32_t c, int version) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(c), age);
  return age[0] > version || (age[0] == version && age[1] > 0);
}

// General category mask of Unicode 8; 0 for characters unassigned then.
uint32_t category_mask(char32_t c) {
  switch (c) {
    case 0x166D:
      return U_GC_PO_MASK;
    case 0x1734:
      return U_GC_MN_MASK;
    case 0x1885:
    case 0x1886:
      return U_GC_LO_MASK;
    case 0xA9BD:
      return U_GC_MC_MASK;
    case 0x111C9:
      return U_GC_PO_MASK;
    default:
      return newer_than(c, kCategoryVersion) ? 0 : U_GET_GC_MASK(static_cast<UChar32>(c));
  }
}

bool between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

struct CaseRange {
  char32_t first, last, lower_of_first;
};

// Capitals of Unicode 16 and 17.
constexpr CaseRange kNewCapitals[] = {
    {0x1C89, 0x1C89, 0x1C8A},    {0xA7CB, 0xA7CB, 0x0264}, {0xA7CC, 0xA7CC, 0xA7CD},
    {0xA7CE, 0xA7CE, 0xA7CF},    {0xA7D2, 0xA7D2, 0xA7D3}, {0xA7D4, 0xA7D4, 0xA7D5},
    {0xA7DA, 0xA7DA, 0xA7DB},    {0xA7DC, 0xA7DC, 0x019B}, {0x10D50, 0x10D65, 0x10D70},
    {0x16EA0, 0x16EB8, 0x16EBB},
};

struct CharacterRange {
  char32_t first, last;
};

// Word characters of Unicode 15.1 and 16.
constexpr CharacterRange kNewWordCharacters[] = {
    {0x897, 0x897},     {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},   {0x105C0, 0x105F3},
    {0x10D40, 0x10D65}, {0x10D69, 0x10D6D}, {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4}, {0x10EFC, 0x10EFC},
    {0x11380, 0x11389}, {0x1138B, 0x1138B}, {0x1138E, 0x1138E}, {0x11390, 0x113B5}, {0x113B7, 0x113C0},
    {0x113C2, 0x113C2}, {0x113C5, 0x113C5}, {0x113C7, 0x113CA}, {0x113CC, 0x113D3}, {0x113E1, 0x113E2},
    {0x116D0, 0x116E3}, {0x11BC0, 0x11BE0}, {0x11BF0, 0x11BF9}, {0x11F5A, 0x11F5A}, {0x13460, 0x143FA},
    {0x16100, 0x16139}, {0x16D40, 0x16D6C}, {0x16D70, 0x16D79}, {0x18CFF, 0x18CFF}, {0x1CCF0, 0x1CCF9},
    {0x1E5D0, 0x1E5FA}, {0x2EBF0, 0x2EE5D},
};

const UNormalizer2* nfd() {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* normalizer = unorm2_getNFDInstance(&status);
  if (U_FAILURE(status)) throw std::runtime_error(std::string("ICU has no NFD data: ") + u_errorName(status));
  return normalizer;
}

}  // namespace

bool is_bert_control(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  if (c < 0x7F) return c < 0x20;
  return (category_mask(c) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK)) != 0;
}

bool is_bert_space(char32_t c) {
  if (c < 0x80) return c == ' ' || between(c, '\t', '\r');
  return u_isUWhiteSpace(static_cast<UChar32>(c));
}

bool is_bert_punctuation(char32_t c) {
  if (c < 0x80)
    return between(c, '!', '/') || between(c, ':', '@') || between(c, '[', '`') || between(c, '{', '~');
  return (category_mask(c) & U_GC_P_MASK) != 0;
}

bool is_bert_ideograph(char32_t c) {
  if (c < 0x3400) return false;
  return between(c, 0x4E00, 0x9FFF) || between(c, 0x3400, 0x4DBF) || between(c, 0x20000, 0x2A6DF) ||
         between(c, 0x2A700, 0x2B73F) || between(c, 0x2B740, 0x2B81F) || between(c, 0x2B920, 0x2CEAF) ||
         between(c, 0xF900, 0xFAFF) || between(c, 0x2F800, 0x2FA1F);
}

bool is_bert_accent(char32_t c) { return c >= 0x300 && (category_mask(c) & U_GC_MN_MASK) != 0; }

int bert_combining_class(char32_t c) {
  if (c < 0x300) return 0;
  int combining_class = u_getCombiningClass(static_cast<UChar32>(c));
  return combining_class != 0 && newer_than(c, kDecompositionVersion) ? 0 : combining_class;
}

bool is_word_character(char32_t c) {
  constexpr uint32_t kMask = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  auto point = static_cast<UChar32>(c);
  if ((U_GET_GC_MASK(point) & kMask) != 0 || u_hasBinaryProperty(point, UCHAR_ALPHABETIC) ||
      u_hasBinaryProperty(point, UCHAR_JOIN_CONTROL)) {
    return true;
  }
  return std::any_of(std::begin(kNewWordCharacters), std::end(kNewWordCharacters),
                     [c](const CharacterRange& range) { return between(c, range.first, range.last); });
}

int decompose(char32_t c, char32_t (&decomposed)[kLongestDecomposition]) {
  decomposed[0] = c;
  if (c < 0xC0) return 1;
  static const UNormalizer2* const normalizer = nfd();
  UChar units[2 * kLongestDecomposition];
  UErrorCode status = U_ZERO_ERROR;
  int32_t size =
      unorm2_getDecomposition(normalizer, static_cast<UChar32>(c), units, 2 * kLongestDecomposition, &status);
  if (size < 0 || newer_than(c, kDecompositionVersion)) return 1;
  if (U_FAILURE(status)) throw std::runtime_error(std::string("ICU decomposition: ") + u_errorName(status));
  int count = 0;
  for (int32_t i = 0; i < size && count < kLongestDecomposition;) {
    UChar32 point;
    U16_NEXT(units, i, size, point);
    decomposed[count++] = static_cast<char32_t>(point);
  }
  return count;
}

int to_lower_case(char32_t c, char32_t (&lower)[kLongestLowerCase]) {
  if (c < 0x80) {
    lower[0] = between(c, 'A', 'Z') ? c + 0x20 : c;
    return 1;
  }
  if (c == 0x130) {  // the one capital whose lower case is two characters
    lower[0] = 'i';
    lower[1] = 0x307;
    return 2;
  }
  lower[0] = static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
  if (lower[0] != c) return 1;
  for (const auto& range : kNewCapitals) {
    if (between(c, range.first, range.last)) lower[0] = range.lower_of_first + (c - range.first);
  }
  return 1;
}

}  // namespace adaptune
