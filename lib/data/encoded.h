#pragma once
// Examples as token ids, in a few flat arrays.

#include <cstdint>
#include <memory>
#include <vector>

#include "data/dataset.h"
#include "data/label_map.h"
#include "tokenizer/tokenizer.h"

namespace adaptune {

class ImageSet;

constexpr int64_t kNoLabel = -100;
constexpr uint8_t kNoSet = 255;

// n rows, C labels, L tokens in all rows together. Only the labels of its kind are filled, none when the
// data set is not labelled.
struct EncodedSplit {
  LabelKind kind = LabelKind::kClass;
  bool labelled = true;
  int64_t label_count = 0;             // C
  std::vector<int64_t> row_starts{0};  // [n + 1]: row i holds tokens row_starts[i] to row_starts[i + 1]
  std::vector<int32_t> ids;            // [L]
  std::vector<uint8_t> type_ids;       // [L]; empty: all are 0
  std::vector<int64_t> classes;        // kClass [n]; kNoLabel where an entity was cut off
  std::vector<uint8_t> label_sets;     // kLabelSet [n, C], 0 or 1; kNoSet likewise
  // kAnswers: tokens that are right, row i has answers[answer_starts[i]] to [answer_starts[i + 1]]
  std::vector<int32_t> answers;
  std::vector<int64_t> answer_starts;  // [n + 1]
  std::vector<float> values;           // kNumber [n]
  // [L]: at a word's first token, kTags the label, kHeads the place of its head's first token in the row, of
  // the root 0; elsewhere, and where that was cut off, -100
  std::vector<int32_t> tags;
  std::vector<int32_t> word_ids;           // kTags, kHeads [L]: the word's index at its first token, else -1
  int64_t entities = 0;                    // M that are marked in each row; kAnswers: 1, the mask
  std::vector<int32_t> marks;              // [n, M]: the token of the row that marks it; -1: cut off
  std::shared_ptr<const ImageSet> images;  // of image tasks: n, each counts as one token, and has no ids

  // For the start-up table.
  int64_t longest = 0;               // tokens of the longest row, after cutting
  int64_t cut_rows = 0;              // rows that were longer than the limit
  int64_t empty_rows = 0;            // rows with an empty text (or no words)
  int64_t cut_words = 0;             // kTags, kHeads: words behind the limit: neither trained nor scored
  int64_t words_without_tokens = 0;  // kTags, kHeads: words the tokenizer drops, as control characters
  int64_t cut_entities = 0;          // rows with an entity behind the limit: neither trained nor scored
  int64_t cut_heads = 0;     // kHeads: words whose head is behind the limit: neither trained nor scored
  int64_t long_answers = 0;  // kAnswers: rows none of whose answers is a single token: likewise
  int64_t cyclic_rows = 0;   // kHeads: rows in which a word depends on itself in the end

  int64_t size() const { return static_cast<int64_t>(row_starts.size()) - 1; }
  int32_t length(int64_t row) const { return static_cast<int32_t>(row_starts[row + 1] - row_starts[row]); }
  std::vector<int32_t> lengths() const;  // [n]
  bool is_cut(int64_t row) const;        // something that is marked in it is behind the limit
  int64_t scored_rows() const;           // those with a label
  bool same_input(
      const EncodedSplit& other) const;  // the tokens and marks of all rows are the same; labels may differ
};

struct EncodingOptions {
  int64_t max_length = 128;  // special tokens included; 0: no limit
  Truncation truncation = Truncation::kLongestFirst;
  int threads = 0;  // 0: all cores; the result does not depend on it
};

// Tokenizes all examples. Throws as label_numbers does, before the first text is tokenized.
EncodedSplit encode_split(const Dataset& dataset, const LabelMap& labels, const Tokenizer& tokenizer,
                          const EncodingOptions& options);

// Labels of images; the rows follow the set's.
EncodedSplit encode_images(const Dataset& dataset, const LabelMap& labels,
                           std::shared_ptr<const ImageSet> images);

}  // namespace adaptune
