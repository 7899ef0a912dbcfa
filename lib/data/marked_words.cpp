#include "data/marked_words.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/utf8.h"

namespace adaptune {
namespace {

constexpr const char* kMarkers[] = {"@", "#"};

// What stands in front of each place, or behind the last one.
struct Insertion {
  std::string marker;
  std::size_t entity;
  bool begins;  // or ends
};
using Insertions = std::multimap<int64_t, Insertion>;

Insertions insertions_of(const Example& example) {
  Insertions insertions;
  // Ends first: of two entities side by side the first is closed before the second begins.
  for (std::size_t i = 0; i < example.entities.size(); ++i)
    insertions.emplace(example.entities[i].end, Insertion{kMarkers[i], i, false});
  for (std::size_t i = 0; i < example.entities.size(); ++i)
    insertions.emplace(example.entities[i].begin, Insertion{kMarkers[i], i, true});
  return insertions;
}

// What stands between blanks.
void append_words(std::u32string_view part, std::vector<std::string>& words) {
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  for (const char32_t point : part) {
    const bool blank = point == U' ' || point == U'\t' || point == U'\n' || point == U'\r';
    blank ? end_word() : append_utf8(word, point);
  }
  end_word();
}

void append_marker(const Insertion& insertion, MarkedWords& marked) {
  const auto index = static_cast<int64_t>(marked.words.size());
  (insertion.begins ? marked.markers : marked.ends)[insertion.entity] = index;
  if (marked.marked.end == 0) marked.marked.begin = index;
  marked.marked.end = index + 1;
  marked.words.push_back(insertion.marker);
}

MarkedWords mark_words(const Example& example, const Insertions& insertions, MarkedWords marked) {
  auto next = insertions.begin();
  for (std::size_t i = 0; i <= example.words.size(); ++i) {
    for (; next != insertions.end() && next->first == static_cast<int64_t>(i); ++next)
      append_marker(next->second, marked);
    if (i < example.words.size()) marked.words.push_back(example.words[i]);
  }
  return marked;
}

MarkedWords mark_text(const Example& example, const Insertions& insertions, MarkedWords marked) {
  const std::u32string points = decode_utf8(example.text);
  std::size_t done = 0;
  const auto append_part = [&](std::size_t end) {
    append_words(std::u32string_view(points).substr(done, end - done), marked.words);
    done = end;
  };
  for (const auto& [place, insertion] : insertions) {
    append_part(static_cast<std::size_t>(place));
    append_marker(insertion, marked);
  }
  append_part(points.size());
  return marked;
}

// Of each word, how many tokens it has.
std::vector<int64_t> token_counts(const Encoding& encoding, std::size_t words) {
  std::vector<int64_t> counts(words, 0);
  for (const int32_t word : encoding.word_ids) {
    if (word >= 0) ++counts[word];
  }
  return counts;
}

// The words that are kept: those that are marked, and of the others what fits beside them. Where not even the
// marked ones fit, they are cut from behind.
EntitySpan kept_words(const std::vector<int64_t>& counts, const EntitySpan& marked, int64_t room) {
  const auto size = static_cast<int64_t>(counts.size());
  auto [begin, end] = marked;
  int64_t tokens = 0;
  for (int64_t i = begin; i < end; ++i) tokens += counts[i];
  if (tokens > room) return {begin, size};
  for (; begin > 0 && tokens + counts[begin - 1] <= room; --begin) tokens += counts[begin - 1];
  for (; end < size && tokens + counts[end] <= room; ++end) tokens += counts[end];
  return {begin, end};
}

}  // namespace

MarkedWords mark_entities(const Example& example) {
  MarkedWords marked;
  marked.markers.assign(example.entities.size(), -1);
  marked.ends = marked.markers;
  const Insertions insertions = insertions_of(example);
  return example.words.empty() ? mark_text(example, insertions, std::move(marked))
                               : mark_words(example, insertions, std::move(marked));
}

MarkedEncoding encode_marked(const MarkedWords& marked, const Tokenizer& tokenizer,
                             const EncodeOptions& options) {
  EncodeOptions whole = options;
  whole.max_length = 0;
  MarkedEncoding result{tokenizer.encode_words(marked.words, whole), {}};
  const auto size = static_cast<int64_t>(result.encoding.ids.size());
  int64_t first = 0;
  if (options.max_length > 0 && size > options.max_length) {
    const auto counts = token_counts(result.encoding, marked.words.size());
    int64_t special = size;
    for (const int64_t count : counts) special -= count;
    const auto [begin, end] = kept_words(counts, marked.marked, options.max_length - special);
    first = begin;
    result.encoding =
        tokenizer.encode_words({marked.words.begin() + begin, marked.words.begin() + end}, options);
    result.encoding.truncated = true;
  }
  const auto& words = result.encoding.word_ids;
  const auto token_of = [&](int64_t word) {
    const auto found = std::find(words.begin(), words.end(), static_cast<int32_t>(word - first));
    return found == words.end() ? -1 : static_cast<int32_t>(found - words.begin());
  };
  for (std::size_t i = 0; i < marked.markers.size(); ++i) {
    const bool whole = token_of(marked.ends[i]) >= 0;
    result.marks.push_back(whole ? token_of(marked.markers[i]) : -1);
  }
  return result;
}

}  // namespace adaptune
