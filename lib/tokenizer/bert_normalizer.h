#pragma once
// BertNormalizer of Hugging Face's tokenizers: clean text, put blanks around ideographs, remove accents,
// lower case, in that order.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace adaptune {

// Code points, each with the index of the code point of the original text it came from. Sources never
// decrease: where one character becomes several, all share its index.
struct AlignedText {
  std::u32string points;
  std::vector<int32_t> sources;

  void push(char32_t point, int32_t source) {
    points.push_back(point);
    sources.push_back(source);
  }
};

struct BertNormalizerSettings {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  std::optional<bool> strip_accents;  // absent: as `lowercase`
  bool lowercase = true;

  bool strips_accents() const { return strip_accents.value_or(lowercase); }
};

// `first_source` is the index of text[0] in the original text.
AlignedText normalize(std::u32string_view text, int32_t first_source, const BertNormalizerSettings& settings);

}  // namespace adaptune
