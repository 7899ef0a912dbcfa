#pragma once
// Examples of a task, read from files.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/record.h"

namespace adaptune {

enum class LabelKind {
  kClass,     // one label
  kLabelSet,  // any number of labels
  kNumber,    // regression
  kTags,      // one label a word
  kHeads,     // the word that each depends on
  kAnswers,   // words any of which may stand where the text has "[MASK]"
};

// Of words, or of a text without them code points: [begin, end).
struct EntitySpan {
  int64_t begin = 0, end = 0;
  friend bool operator==(const EntitySpan&, const EntitySpan&) = default;
};

struct DatasetOptions {
  LabelKind kind = LabelKind::kClass;  // kTags and kHeads read words, the others one or two texts
  bool labelled = true;                // false: no label column is read (prediction)
  bool images = false;                 // rows are images, not texts
  // How many entities a row marks; such rows are of words where the file has these and `text` is empty, else
  // of one text.
  int64_t entities = 0;
  // Columns; empty: `text`, or `text` and `text_pair` where the file has both; `label`, for kTags `tags`, for
  // kHeads `heads`, for kAnswers `answers`; `tokens`; `head` and `tail`, the spans of entities. In a .conll
  // file a number from 1 means that column, any other name the first (tokens) or the last (label).
  std::vector<std::string> text;
  std::string label;
  std::string tokens;
  std::vector<std::string> entity;
  std::string image;        // empty: `image`
  bool quoted_tsv = false;  // double quotes enclose fields of a .tsv file
  int64_t max_samples = 0;  // the first of a seeded shuffle, in the order of the file; 0: all
  uint64_t sample_seed = 42;
};

struct Example {
  std::string text;
  std::string text_pair;                   // empty without a second column
  std::vector<std::string> words;          // kTags, kHeads, and entities in words
  std::vector<EntitySpan> entities;        // those that are marked
  std::vector<int64_t> heads;              // kHeads, one a word: its head's number from 1, 0 for the root
  std::vector<std::string> labels;         // kClass: one; kLabelSet: any number; kTags: one a word
  double value = 0;                        // kNumber
  std::string image;                       // a file's path, or the name of one in an archive
  std::optional<std::string> image_bytes;  // what that holds
  int32_t file = 0;                        // index into Dataset::files
  int64_t number = 0;                      // of the row in its file
};

// The columns that were read, after the defaults.
struct Columns {
  std::vector<std::string> text;    // one or two; none where words are read
  std::string label;                // empty when not labelled
  std::string tokens;               // of words; empty where texts are read
  std::vector<std::string> entity;  // of spans
  std::string image;
  friend bool operator==(const Columns&, const Columns&) = default;
};

struct Dataset {
  LabelKind kind = LabelKind::kClass;
  bool labelled = true;
  std::vector<SourceFile> files;
  Columns columns;
  std::vector<Example> examples;
  // Of all examples, also of those max_samples left out: a small sample does not change what there is to
  // tell apart. Sorted by their bytes.
  std::vector<std::string> label_names;
  int64_t examples_in_files = 0;

  int64_t size() const { return static_cast<int64_t>(examples.size()); }
  bool has_pairs() const { return columns.text.size() == 2; }
  // "data/x.jsonl:17"
  std::string where(const Example& example) const {
    const auto& file = files[example.file];
    return file.counts_rows && !example.image.empty() ? example.image : row_location(file, example.number);
  }
};

// Reads the files one after the other. Numbers given as class labels become text: "1", not "1.0". Throws
// InputError with file and line for a missing file, an unknown ending, a malformed row, a missing column, a
// value of the wrong type, an absent label, text that is not UTF-8, tokens and tags of different length,
// and for files without examples.
Dataset read_dataset(const std::vector<std::filesystem::path>& files, const DatasetOptions& options);

}  // namespace adaptune
