#include "data/encoded.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "data/marked_words.h"
#include "data/parallel_chunks.h"

namespace adaptune {
namespace {

constexpr int64_t kRowsPerChunk = 512;
constexpr const char* kMask = "[MASK]";
constexpr int32_t kNoTag = kNoLabel;

using LabelNumbers = std::vector<std::vector<int64_t>>;

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string::npos; }

// Tokenizes rows one after the other into a part of a split, without labels except tags.
class RowEncoder {
 public:
  RowEncoder(const Dataset& dataset, const LabelNumbers& labels, const Tokenizer& tokenizer,
             const EncodingOptions& options)
      : dataset_(dataset), labels_(labels), tokenizer_(tokenizer) {
    options_.max_length = options.max_length;
    options_.truncation = options.truncation;
  }

  EncodedSplit encode(int64_t begin, int64_t end) const {
    EncodedSplit part;
    for (int64_t row = begin; row < end; ++row) append(row, part);
    return part;
  }

 private:
  bool reads_words() const {
    const bool by_kind = dataset_.kind == LabelKind::kTags || dataset_.kind == LabelKind::kHeads;
    return by_kind || !dataset_.columns.tokens.empty();
  }

  Encoding encoding(const Example& example, EncodedSplit& part) const {
    if (!example.entities.empty()) {
      auto marked = encode_marked(mark_entities(example), tokenizer_, options_);
      part.marks.insert(part.marks.end(), marked.marks.begin(), marked.marks.end());
      part.cut_entities += std::count(marked.marks.begin(), marked.marks.end(), -1) > 0;
      return std::move(marked.encoding);
    }
    if (dataset_.kind == LabelKind::kAnswers) return masked_encoding(example, part);
    if (reads_words()) return tokenizer_.encode_words(example.words, options_);
    if (dataset_.has_pairs()) return tokenizer_.encode_pair(example.text, example.text_pair, options_);
    return tokenizer_.encode(example.text, options_);
  }

  // "[MASK]" in a text is the tokenizer's own mask.
  Encoding masked_encoding(const Example& example, EncodedSplit& part) const {
    const int32_t mask = tokenizer_.mask_id().value_or(-1);
    std::string text = example.text;
    const auto found = text.find(kMask);
    if (found == std::string::npos || text.find(kMask, found + 1) != std::string::npos) {
      throw InputError(dataset_.where(example) + ": the text must hold one " + kMask +
                       ", where its answer is missing");
    }
    Encoding encoded =
        tokenizer_.encode(text.replace(found, std::strlen(kMask), tokenizer_.token(mask)), options_);
    if (std::count(encoded.ids.begin(), encoded.ids.end(), mask) > 1) {
      throw InputError(dataset_.where(example) + ": the text holds the tokenizer's own " +
                       tokenizer_.token(mask) + " beside its one " + kMask + "; take it out");
    }
    const auto place = std::find(encoded.ids.begin(), encoded.ids.end(), mask);
    const bool cut = place == encoded.ids.end();
    part.marks.push_back(cut ? -1 : static_cast<int32_t>(place - encoded.ids.begin()));
    part.cut_entities += cut;
    return encoded;
  }

  // Those that are one token behind a blank, and not the unknown one.
  void append_answers(const Example& example, EncodedSplit& part) const {
    const std::size_t before = part.answers.size();
    EncodeOptions plain;
    plain.add_special_tokens = false;
    for (const std::string& answer : example.labels) {
      const auto ids = tokenizer_.encode_words({answer}, plain).ids;
      const bool known = ids.size() == 1 && !tokenizer_.decode(ids, /*skip_special_tokens=*/true).empty();
      if (known) part.answers.push_back(ids.front());
    }
    part.long_answers += part.answers.size() == before;
    if (part.marks.back() < 0) part.answers.resize(before);
    part.answer_starts.push_back(static_cast<int64_t>(part.answers.size()));
  }

  bool is_empty(const Example& example) const {
    if (reads_words()) return example.words.empty();
    return is_blank(example.text) || (dataset_.has_pairs() && is_blank(example.text_pair));
  }

  void append(int64_t row, EncodedSplit& part) const {
    const Example& example = dataset_.examples[row];
    const Encoding encoded = encoding(example, part);
    part.ids.insert(part.ids.end(), encoded.ids.begin(), encoded.ids.end());
    part.type_ids.insert(part.type_ids.end(), encoded.type_ids.begin(), encoded.type_ids.end());
    part.row_starts.push_back(static_cast<int64_t>(part.ids.size()));
    part.longest = std::max(part.longest, static_cast<int64_t>(encoded.ids.size()));
    part.cut_rows += encoded.truncated;
    part.empty_rows += is_empty(example);
    if (dataset_.kind == LabelKind::kTags || dataset_.kind == LabelKind::kHeads)
      append_words(row, encoded, part);
    if (dataset_.kind == LabelKind::kHeads && dataset_.labelled) append_heads(example, encoded, part);
    if (dataset_.kind == LabelKind::kAnswers && dataset_.labelled) append_answers(example, part);
  }

  // Wang et al. 2021 label words by their numbers, which are places of tokens only where every word is one.
  // Here the place of the head's first token is the label.
  void append_heads(const Example& example, const Encoding& encoded, EncodedSplit& part) const {
    std::vector<int32_t> places(example.words.size(), kNoTag);
    const auto& words = encoded.word_ids;
    for (auto token = static_cast<int32_t>(words.size()) - 1; token >= 0; --token) {
      if (words[token] >= 0) places[words[token]] = token;
    }
    for (std::size_t token = 0; token < words.size(); ++token) {
      const bool first = words[token] >= 0 && places[words[token]] == static_cast<int32_t>(token);
      const int64_t head = first ? example.heads[words[token]] : 0;
      const int32_t place = !first ? kNoTag : head == 0 ? 0 : places[head - 1];
      part.tags.push_back(place);
      part.cut_heads += first && place == kNoTag;
    }
    part.cyclic_rows += has_cycle(example.heads);
  }

  static bool has_cycle(const std::vector<int64_t>& heads) {
    std::vector<int64_t> reached(heads.size() + 1, 0);  // by the walk from which word
    for (std::size_t start = 1; start <= heads.size(); ++start) {
      for (auto word = static_cast<int64_t>(start); word != 0; word = heads[word - 1]) {
        if (reached[word] == static_cast<int64_t>(start)) return true;
        if (reached[word] != 0) break;
        reached[word] = static_cast<int64_t>(start);
      }
    }
    return false;
  }

  // Only a word's first token carries its tag (Devlin et al. 2019, 5.3).
  void append_words(int64_t row, const Encoding& encoded, EncodedSplit& part) const {
    int32_t last = -1;
    int64_t seen = 0;
    for (const int32_t word : encoded.word_ids) {
      const bool first_token = word >= 0 && word != last;
      part.word_ids.push_back(first_token ? word : -1);
      if (dataset_.labelled && dataset_.kind == LabelKind::kTags) {
        part.tags.push_back(first_token ? static_cast<int32_t>(labels_[row][word]) : kNoTag);
      }
      seen += first_token;
      if (first_token) last = word;
    }
    const auto words = static_cast<int64_t>(dataset_.examples[row].words.size());
    const int64_t reached = encoded.truncated ? last + 1 : words;  // the words that could have had tokens
    part.cut_words += words - reached;
    part.words_without_tokens += reached - seen;
  }

  const Dataset& dataset_;
  const LabelNumbers& labels_;
  const Tokenizer& tokenizer_;
  EncodeOptions options_;
};

template <typename T>
void append_all(std::vector<T>& target, const std::vector<T>& source) {
  target.insert(target.end(), source.begin(), source.end());
}

void append_part(const EncodedSplit& part, EncodedSplit& split) {
  const int64_t offset = split.row_starts.back();
  for (std::size_t i = 1; i < part.row_starts.size(); ++i)
    split.row_starts.push_back(offset + part.row_starts[i]);
  append_all(split.ids, part.ids);
  append_all(split.type_ids, part.type_ids);
  append_all(split.tags, part.tags);
  append_all(split.word_ids, part.word_ids);
  append_all(split.marks, part.marks);
  const auto answered = static_cast<int64_t>(split.answers.size());
  for (const int64_t end : part.answer_starts) split.answer_starts.push_back(answered + end);
  append_all(split.answers, part.answers);
  split.longest = std::max(split.longest, part.longest);
  split.cut_rows += part.cut_rows;
  split.empty_rows += part.empty_rows;
  split.cut_words += part.cut_words;
  split.words_without_tokens += part.words_without_tokens;
  split.cut_entities += part.cut_entities;
  split.cut_heads += part.cut_heads;
  split.long_answers += part.long_answers;
  split.cyclic_rows += part.cyclic_rows;
}

void append_parts(std::vector<EncodedSplit>& parts, EncodedSplit& split) {
  std::size_t tokens = 0;
  for (const EncodedSplit& part : parts) tokens += part.ids.size();
  split.ids.reserve(tokens);
  split.type_ids.reserve(tokens);
  for (EncodedSplit& part : parts) {
    append_part(part, split);
    part = {};
  }
  const bool one_type =
      std::all_of(split.type_ids.begin(), split.type_ids.end(), [](uint8_t t) { return t == 0; });
  if (one_type) std::vector<uint8_t>().swap(split.type_ids);
}

void fill_labels(const Dataset& dataset, const LabelNumbers& labels, EncodedSplit& split) {
  if (!dataset.labelled) return;
  if (dataset.kind == LabelKind::kClass) {
    for (std::size_t row = 0; row < labels.size(); ++row)
      split.classes.push_back(split.is_cut(static_cast<int64_t>(row)) ? kNoLabel : labels[row].front());
  } else if (dataset.kind == LabelKind::kNumber) {
    for (const Example& example : dataset.examples) split.values.push_back(static_cast<float>(example.value));
  } else if (dataset.kind == LabelKind::kLabelSet) {
    split.label_sets.assign(labels.size() * static_cast<std::size_t>(split.label_count), 0);
    for (std::size_t row = 0; row < labels.size(); ++row) {
      for (const int64_t label : labels[row]) split.label_sets[row * split.label_count + label] = 1;
      const auto own = split.label_sets.begin() + static_cast<int64_t>(row) * split.label_count;
      if (split.is_cut(static_cast<int64_t>(row))) std::fill(own, own + split.label_count, kNoSet);
    }
  }
}

}  // namespace

std::vector<int32_t> EncodedSplit::lengths() const {
  std::vector<int32_t> result;
  result.reserve(row_starts.size());
  for (int64_t row = 0; row < size(); ++row) result.push_back(length(row));
  return result;
}

bool EncodedSplit::is_cut(int64_t row) const {
  const auto own = marks.begin() + row * entities;
  return std::count(own, own + entities, -1) > 0;
}

int64_t EncodedSplit::scored_rows() const {
  int64_t rows = 0;
  for (int64_t row = 0; row < size(); ++row) {
    const bool answered = kind != LabelKind::kAnswers || answer_starts[row] < answer_starts[row + 1];
    rows += answered && !is_cut(row);
  }
  return rows;
}

bool EncodedSplit::same_input(const EncodedSplit& other) const {
  return row_starts == other.row_starts && ids == other.ids && type_ids == other.type_ids &&
         marks == other.marks && images == other.images;
}

EncodedSplit encode_split(const Dataset& dataset, const LabelMap& labels, const Tokenizer& tokenizer,
                          const EncodingOptions& options) {
  const LabelNumbers numbers = dataset.labelled ? label_numbers(dataset, labels) : LabelNumbers();
  const int64_t chunks = (dataset.size() + kRowsPerChunk - 1) / kRowsPerChunk;
  const RowEncoder encoder(dataset, numbers, tokenizer, options);
  std::vector<EncodedSplit> parts(static_cast<std::size_t>(chunks));
  for_each_chunk(chunks, options.threads, [&](int64_t chunk) {
    const int64_t begin = chunk * kRowsPerChunk;
    parts[chunk] = encoder.encode(begin, std::min(begin + kRowsPerChunk, dataset.size()));
  });
  EncodedSplit split;
  split.kind = dataset.kind;
  split.labelled = dataset.labelled;
  split.label_count = labels.size();
  const bool masked = dataset.kind == LabelKind::kAnswers;
  split.entities = masked ? 1 : static_cast<int64_t>(dataset.columns.entity.size());
  if (masked && dataset.labelled) split.answer_starts.push_back(0);
  append_parts(parts, split);
  fill_labels(dataset, numbers, split);
  return split;
}

EncodedSplit encode_images(const Dataset& dataset, const LabelMap& labels,
                           std::shared_ptr<const ImageSet> images) {
  EncodedSplit split;
  split.kind = dataset.kind;
  split.labelled = dataset.labelled;
  split.label_count = labels.size();
  split.images = std::move(images);
  split.longest = 1;
  for (int64_t row = 1; row <= dataset.size(); ++row) split.row_starts.push_back(row);
  fill_labels(dataset, dataset.labelled ? label_numbers(dataset, labels) : LabelNumbers(), split);
  return split;
}

}  // namespace adaptune
