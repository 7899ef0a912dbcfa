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

// n rows, C labels, L tokens in all rows together. Only the labels of its kind are filled, none when the
// data set is not labelled.
struct EncodedSplit {
  LabelKind kind = LabelKind::kClass;
  bool labelled = true;
  int64_t label_count = 0;                 // C
  std::vector<int64_t> row_starts{0};      // [n + 1]: row i holds tokens row_starts[i] to row_starts[i + 1]
  std::vector<int32_t> ids;                // [L]
  std::vector<uint8_t> type_ids;           // [L]; empty: all are 0
  std::vector<int64_t> classes;            // kClass [n]
  std::vector<uint8_t> label_sets;         // kLabelSet [n, C], 0 or 1
  std::vector<float> values;               // kNumber [n]
  std::vector<int32_t> tags;               // kTags [L]: the label at a word's first token, else -100
  std::vector<int32_t> word_ids;           // kTags [L]: the word's index at its first token, else -1
  std::shared_ptr<const ImageSet> images;  // of image tasks: n, each counts as one token, and has no ids

  // For the start-up table.
  int64_t longest = 0;               // tokens of the longest row, after cutting
  int64_t cut_rows = 0;              // rows that were longer than the limit
  int64_t empty_rows = 0;            // rows with an empty text (or no words)
  int64_t cut_words = 0;             // kTags: words behind the limit: neither trained nor scored
  int64_t words_without_tokens = 0;  // kTags: words the tokenizer drops, as control characters

  int64_t size() const { return static_cast<int64_t>(row_starts.size()) - 1; }
  int32_t length(int64_t row) const { return static_cast<int32_t>(row_starts[row + 1] - row_starts[row]); }
  std::vector<int32_t> lengths() const;              // [n]
  bool same_input(const EncodedSplit& other) const;  // the tokens of all rows are the same; labels may differ
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
