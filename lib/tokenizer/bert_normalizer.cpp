#include "tokenizer/bert_normalizer.h"

#include <algorithm>
#include <utility>

#include "tokenizer/bert_characters.h"

namespace adaptune {
namespace {

AlignedText clean(std::u32string_view text, int32_t first_source, const BertNormalizerSettings& settings) {
  AlignedText cleaned;
  cleaned.points.reserve(text.size() + 8);
  cleaned.sources.reserve(text.size() + 8);
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t point = text[i];
    int32_t source = first_source + static_cast<int32_t>(i);
    if (settings.clean_text) {
      if (point == 0 || point == 0xFFFD || is_bert_control(point)) continue;
      if (is_bert_space(point)) point = ' ';
    }
    bool ideograph = settings.handle_chinese_chars && is_bert_ideograph(point);
    if (ideograph) cleaned.push(' ', source);
    cleaned.push(point, source);
    if (ideograph) cleaned.push(' ', source);
  }
  return cleaned;
}

struct Decomposed {
  char32_t point;
  bool inserted;  // beyond the first of its character
  int combining_class;
};

// Canonical decomposition without accents. The reference assigns sources by position after canonical
// ordering: a character that is not inserted takes the next source, an inserted one the last taken.
class AccentStripper {
 public:
  explicit AccentStripper(const AlignedText& text) : text_(text) {
    stripped_.points.reserve(text.points.size());
    stripped_.sources.reserve(text.points.size());
  }

  AlignedText run() && {
    for (char32_t point : text_.points) {
      if (point < 0xC0) {
        flush();
        stripped_.push(point, text_.sources[next_++]);
      } else {
        add(point);
      }
    }
    flush();
    return std::move(stripped_);
  }

 private:
  void add(char32_t point) {
    char32_t parts[kLongestDecomposition];
    int count = decompose(point, parts);
    for (int i = 0; i < count; ++i) {
      int combining_class = bert_combining_class(parts[i]);
      if (combining_class == 0) flush();
      pending_.push_back({parts[i], i > 0, combining_class});
    }
  }

  void flush() {
    auto by_class = [](const Decomposed& a, const Decomposed& b) {
      return a.combining_class < b.combining_class;
    };
    if (pending_.size() > 2) std::stable_sort(pending_.begin(), pending_.end(), by_class);
    if (pending_.size() == 2 && by_class(pending_[1], pending_[0])) std::swap(pending_[0], pending_[1]);
    for (const auto& part : pending_) {
      if (!part.inserted) ++next_;
      if (!is_bert_accent(part.point)) stripped_.push(part.point, text_.sources[next_ - 1]);
    }
    pending_.clear();
  }

  const AlignedText& text_;
  AlignedText stripped_;
  std::vector<Decomposed> pending_;  // a starter and the marks after it
  std::size_t next_ = 0;
};

void lower(AlignedText& text) {
  for (std::size_t i = 0; i < text.points.size(); ++i) {
    char32_t lowered[kLongestLowerCase];
    int count = to_lower_case(text.points[i], lowered);
    text.points[i] = lowered[0];
    if (count == 1) continue;
    text.points.insert(text.points.begin() + i + 1, lowered[1]);
    text.sources.insert(text.sources.begin() + i + 1, text.sources[i]);
    ++i;
  }
}

}  // namespace

AlignedText normalize(std::u32string_view text, int32_t first_source,
                      const BertNormalizerSettings& settings) {
  AlignedText normalized = clean(text, first_source, settings);
  bool beyond_latin =
      std::any_of(normalized.points.begin(), normalized.points.end(), [](char32_t c) { return c >= 0xC0; });
  if (settings.strips_accents() && beyond_latin) normalized = AccentStripper(normalized).run();
  if (settings.lowercase) lower(normalized);
  return normalized;
}

}  // namespace adaptune
