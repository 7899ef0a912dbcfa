#include "tokenizer/byte_bpe_words.h"

#include <unicode/uchar.h>

#include <array>

namespace adaptune {
namespace {

enum class Class : unsigned char { kLetter, kNumber, kSpace, kOther };

Class class_by_unicode(char32_t c) {
  const auto point = static_cast<UChar32>(c);
  if (u_isUWhiteSpace(point)) return Class::kSpace;
  const uint32_t mask = U_GET_GC_MASK(point);
  if ((mask & U_GC_L_MASK) != 0) return Class::kLetter;
  return (mask & U_GC_N_MASK) != 0 ? Class::kNumber : Class::kOther;
}

Class class_of(char32_t c) {
  static const std::array<Class, 128> ascii = [] {
    std::array<Class, 128> made;
    for (char32_t i = 0; i < made.size(); ++i) made[i] = class_by_unicode(i);
    return made;
  }();
  return c < ascii.size() ? ascii[c] : class_by_unicode(c);
}

constexpr std::u32string_view kContractions[] = {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"};

std::size_t end_of_run(std::u32string_view text, std::size_t begin) {
  const Class kind = class_of(text[begin]);
  std::size_t end = begin + 1;
  while (end < text.size() && class_of(text[end]) == kind) ++end;
  return end;
}

}  // namespace

std::size_t end_of_bpe_word(std::u32string_view text, std::size_t begin) {
  for (const auto& contraction : kContractions) {
    if (text.substr(begin, contraction.size()) == contraction) return begin + contraction.size();
  }
  const bool blank = text[begin] == U' ' && begin + 1 < text.size();
  const std::size_t start = blank && class_of(text[begin + 1]) != Class::kSpace ? begin + 1 : begin;
  const std::size_t end = end_of_run(text, start);
  const bool leaves_one = class_of(text[start]) == Class::kSpace && end < text.size() && end - start > 1;
  return leaves_one ? end - 1 : end;
}

}  // namespace adaptune
