#pragma once
// Entity-level F1 on chunk tags, as in seqeval and conlleval: an entity is right when its type and both
// its ends are.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metric/f1_counts.h"

namespace adaptune {

using TagLists = std::vector<std::vector<std::string>>;  // [sentences][words]

// An entity over the concatenation of the sentences, in which one extra O follows every sentence.
struct Span {
  std::string type;
  int64_t first, last;  // both inclusive
  auto operator<=>(const Span&) const = default;
};

enum class SpanMode {
  // The conlleval rules (Tjong Kim Sang & Buchholz 2000): an I without a B before it, or of another type
  // than the word before, starts an entity. Knows B, I, E, S and O.
  kLenient,
  // IOB2 taken literally, seqeval's mode "strict": only B starts an entity, and an I that continues nothing
  // counts for nothing. Knows B, I and O.
  kStrict,
};

struct SpanScores {
  F1Counts all;                           // micro: over all entities
  std::optional<double> f1_macro;         // mean over the types; empty when no list has an entity
  std::map<std::string, F1Counts> types;  // types with an entity in either list
};

// The entities in order of place. A tag is "O", or a letter, optionally with "-TYPE" (without: type "_").
// InputError with the sentence, the word and the tag for any other tag.
std::vector<Span> read_spans(const TagLists& sentences, SpanMode mode = SpanMode::kLenient);

// InputError when the two have different numbers of sentences or words.
SpanScores span_scores(const TagLists& gold, const TagLists& predicted, SpanMode mode = SpanMode::kLenient);

// Micro F1 of the lenient entities, seqeval's default. Empty when neither list has an entity.
std::optional<double> seqeval_f1(const TagLists& gold, const TagLists& predicted);

}  // namespace adaptune
