#include "metric/span_f1.h"

#include <algorithm>
#include <string_view>

#include "core/error.h"

namespace adaptune {
namespace {

struct Tag {
  char letter = 'O';
  std::string_view type;
};

std::string place_of(size_t sentence, size_t word) {
  return "sentence " + std::to_string(sentence + 1) + ", word " + std::to_string(word + 1);
}

// Empty when the text is no tag of the mode.
std::optional<Tag> parse_tag(const std::string& text, SpanMode mode) {
  const std::string_view letters = mode == SpanMode::kStrict ? "OBI" : "OBIES";
  if (text.empty() || letters.find(text[0]) == std::string_view::npos) return std::nullopt;
  if (text.size() == 1) return Tag{text[0], text[0] == 'O' ? "" : "_"};
  if (text[0] == 'O' || text[1] != '-' || text.size() == 2) return std::nullopt;
  return Tag{text[0], std::string_view(text).substr(2)};
}

bool lenient_start(const Tag& before, const Tag& tag) {
  if (tag.letter == 'O') return false;
  if (tag.letter == 'B' || tag.letter == 'S') return true;
  return before.letter == 'O' || before.letter == 'E' || before.letter == 'S' || before.type != tag.type;
}

// Walks over one sentence; `open` is the entity that the next word may continue.
class SpanReader {
 public:
  SpanReader(SpanMode mode, std::vector<Span>& spans) : mode_(mode), spans_(spans) {}

  void read(const Tag& tag, int64_t place) {
    const bool starts = mode_ == SpanMode::kStrict ? tag.letter == 'B' : lenient_start(before_, tag);
    const bool continues = open_ && !starts && tag.letter != 'O' && tag.type == before_.type;
    if (starts) spans_.push_back({std::string(tag.type), place, place});
    if (continues) spans_.back().last = place;
    open_ = starts || continues;
    before_ = tag;
  }

 private:
  SpanMode mode_;
  std::vector<Span>& spans_;
  Tag before_;
  bool open_ = false;
};

void check_shapes(const TagLists& gold, const TagLists& predicted) {
  if (gold.size() != predicted.size()) {
    throw InputError("seqeval_f1: " + std::to_string(predicted.size()) + " predicted sentences for " +
                     std::to_string(gold.size()) + " gold ones; the two must be the same");
  }
  for (size_t i = 0; i < gold.size(); ++i) {
    if (gold[i].size() == predicted[i].size()) continue;
    throw InputError("seqeval_f1: sentence " + std::to_string(i + 1) + " has " +
                     std::to_string(predicted[i].size()) + " predicted tags for " +
                     std::to_string(gold[i].size()) + " words; each word needs one tag");
  }
}

}  // namespace

std::vector<Span> read_spans(const TagLists& sentences, SpanMode mode) {
  std::vector<Span> spans;
  int64_t place = 0;
  for (size_t i = 0; i < sentences.size(); ++i) {
    SpanReader reader(mode, spans);
    for (size_t j = 0; j < sentences[i].size(); ++j) {
      const std::optional<Tag> tag = parse_tag(sentences[i][j], mode);
      if (!tag) {
        throw InputError("seqeval_f1: " + place_of(i, j) + ": tag '" + sentences[i][j] + "' is not O or " +
                         (mode == SpanMode::kStrict ? "B- or I-" : "B-, I-, E- or S-") +
                         " with a type; for tags that are no chunks use metric: accuracy");
      }
      reader.read(*tag, place++);
    }
    ++place;
  }
  return spans;
}

SpanScores span_scores(const TagLists& gold, const TagLists& predicted, SpanMode mode) {
  check_shapes(gold, predicted);
  const std::vector<Span> right = read_spans(gold, mode), found = read_spans(predicted, mode);
  SpanScores scores;
  for (const Span& span : right) ++scores.types[span.type].gold;
  for (const Span& span : found) ++scores.types[span.type].predicted;
  // Spans of one list never overlap, so the two lists are merged by their first word.
  for (size_t i = 0, j = 0; i < right.size() && j < found.size();) {
    if (right[i] == found[j]) ++scores.types[right[i].type].right;
    right[i].first <= found[j].first ? ++i : ++j;
  }
  double sum = 0;
  for (const auto& [type, counts] : scores.types) {
    scores.all.right += counts.right;
    scores.all.predicted += counts.predicted;
    scores.all.gold += counts.gold;
    sum += counts.f1();
  }
  if (!scores.types.empty()) scores.f1_macro = sum / scores.types.size();
  return scores;
}

std::optional<double> seqeval_f1(const TagLists& gold, const TagLists& predicted) {
  const SpanScores scores = span_scores(gold, predicted);
  if (scores.types.empty()) return std::nullopt;
  return scores.all.f1();
}

}  // namespace adaptune
