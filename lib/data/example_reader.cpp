#include "data/example_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "core/joined.h"
#include "core/text_distance.h"
#include "core/utf8.h"
#include "data/delimited_format.h"

namespace adaptune {
namespace {

bool has_column(const Record& record, const std::string& column) {
  return std::find(record.columns.begin(), record.columns.end(), column) != record.columns.end();
}

bool is_column_number(const std::string& name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

// The column called `wanted`, `by_default` if none is asked for or the format has no names.
std::string chosen(const std::string& wanted, const std::string& by_default, const DatasetFormat& format) {
  if (wanted.empty()) return by_default;
  return format.names_columns || is_column_number(wanted) ? wanted : by_default;
}

std::vector<std::string> text_columns(const Record& first, const DatasetOptions& options) {
  if (!options.text.empty()) return options.text;
  if (has_column(first, "text") && has_column(first, "text_pair")) return {"text", "text_pair"};
  return {"text"};
}

// Whether an entity of an example, in words or characters, has nothing to read.
bool is_blank(const Example& example, const EntitySpan& span, bool words) {
  const auto blank = [](char32_t c) {
    return c == U' ' || (c >= U'\t' && c <= U'\r') || c == U'\u00A0' || c == U'\u3000';
  };
  const auto all_blank = [&](const std::u32string& text) {
    return std::all_of(text.begin(), text.end(), blank);
  };
  if (!words) return all_blank(decode_utf8(example.text).substr(span.begin, span.end - span.begin));
  return std::all_of(example.words.begin() + span.begin, example.words.begin() + span.end,
                     [&](const std::string& word) { return all_blank(decode_utf8(word)); });
}

// Finite; nothing for a cell that is no number.
std::optional<double> number_of(const Cell& cell) {
  if (cell.kind != Cell::Kind::kNumber && cell.kind != Cell::Kind::kText) return std::nullopt;
  double value = 0;
  const char* const end = cell.text.data() + cell.text.size();
  const auto [stop, error] = std::from_chars(cell.text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int64_t> whole_number_of(const Cell& cell) {
  const auto value = number_of(cell);
  if (!value || *value != std::floor(*value) || std::abs(*value) > 1e15) return std::nullopt;
  return static_cast<int64_t>(*value);
}

// The item's own line where it has one.
int64_t line_of(const Cell& item, const Record& record) {
  return item.number > 0 ? item.number : record.number;
}

bool reads_words(const Record& first, const DatasetOptions& options) {
  if (options.kind == LabelKind::kTags || options.kind == LabelKind::kHeads) return true;
  if (options.entities == 0 || !options.text.empty()) return false;
  return !options.tokens.empty() || has_column(first, "tokens");
}

std::string label_column(LabelKind kind) {
  if (kind == LabelKind::kAnswers) return "answers";
  return kind == LabelKind::kTags ? "tags" : kind == LabelKind::kHeads ? "heads" : "label";
}

std::vector<std::string> entity_columns(const DatasetOptions& options) {
  std::vector<std::string> usual = {"head", "tail"};
  usual.resize(static_cast<std::size_t>(options.entities));
  return options.entity.empty() ? usual : options.entity;
}

}  // namespace

Columns choose_columns(const Record& first, const DatasetOptions& options, const DatasetFormat& format) {
  Columns columns;
  if (options.text.size() > 2)
    throw UsageError("'text' names more than two columns: " + joined(options.text));
  if (options.images) {
    columns.image = chosen(options.image, "image", format);
  } else if (reads_words(first, options)) {
    columns.tokens = chosen(options.tokens, "tokens", format);
  } else {
    columns.text = text_columns(first, options);
  }
  if (options.entities > 0) columns.entity = entity_columns(options);
  if (options.labelled) columns.label = chosen(options.label, label_column(options.kind), format);
  return columns;
}

void ExampleReader::fail(const Record& record, const std::string& message) const {
  throw InputError(row_location(file_, record.number) + ": " + message);
}

void ExampleReader::fail_at(const Cell& item, const Record& record, const std::string& message) const {
  throw InputError(row_location(file_, line_of(item, record)) + ": " + message);
}

const Cell& ExampleReader::cell(const Record& record, const std::string& column) const {
  for (std::size_t i = 0; i < record.columns.size(); ++i)
    if (record.columns[i] == column) return record.cells[i];
  const std::optional<std::string> nearest = nearest_name(column, record.columns);
  fail(record, "no column '" + column + "'; the columns are: " + joined(record.columns) +
                   (nearest ? "; did you mean '" + *nearest + "'?" : "") + separator_hint(record.columns));
}

void ExampleReader::check_text(const std::string& text, const std::string& column, int64_t number) const {
  check_utf8(text, row_location(file_, number) + ": column '" + column + "'");
}

std::string ExampleReader::text(const Record& record, const std::string& column) const {
  const Cell& found = cell(record, column);
  if (found.kind != Cell::Kind::kText) {
    fail(record, "column '" + column + "' must be a text, found " + description(found));
  }
  check_text(found.text, column, record.number);
  return found.text;
}

void ExampleReader::read_words(const Record& record, Example& example) const {
  const Cell& found = cell(record, columns_.tokens);
  if (found.kind != Cell::Kind::kList) {
    fail(record, "column '" + columns_.tokens + "' must be a list of words, found " + description(found));
  }
  for (const Cell& word : found.items) {
    if (word.kind != Cell::Kind::kText) {
      fail_at(word, record,
              "column '" + columns_.tokens + "' must be a list of words, found " + description(word) +
                  " as word " + std::to_string(example.words.size() + 1));
    }
    check_text(word.text, columns_.tokens, line_of(word, record));
    example.words.push_back(word.text);
  }
}

// Paths count from the folder of the file that names them.
void ExampleReader::read_image(const Record& record, Example& example) const {
  const Cell& found = cell(record, columns_.image);
  if (found.kind == Cell::Kind::kImage) {
    example.image = file_.path.string() + ": " + found.text;
    example.image_bytes = found.bytes;
  } else {
    example.image = (file_.path.parent_path() / text(record, columns_.image)).string();
  }
}

EntitySpan ExampleReader::read_span(const Record& record, const std::string& column) const {
  const Cell& found = cell(record, column);
  const bool pair = found.kind == Cell::Kind::kList && found.items.size() == 2;
  const auto begin = pair ? whole_number_of(found.items[0]) : std::nullopt;
  const auto end = pair ? whole_number_of(found.items[1]) : std::nullopt;
  if (begin && end) return {*begin, *end};
  fail(record, "column '" + column + "' must be a span, the two whole numbers [begin, end], found " +
                   description(found));
}

void ExampleReader::read_entities(const Record& record, Example& example) const {
  const bool words = !columns_.tokens.empty();
  const auto size = static_cast<int64_t>(words ? example.words.size() : decode_utf8(example.text).size());
  for (const std::string& column : columns_.entity) {
    const EntitySpan span = read_span(record, column);
    const std::string text = "the span [" + std::to_string(span.begin) + ", " + std::to_string(span.end) +
                             "] of '" + column + "' ";
    if (span.begin >= span.end)
      fail(record, text + "is empty; its end is the place behind its last " + (words ? "word" : "character"));
    if (span.begin < 0 || span.end > size)
      fail(record, text + "is outside of the " + std::to_string(size) + (words ? " words" : " characters"));
    if (is_blank(example, span, words)) fail(record, text + "holds nothing but blanks");
    example.entities.push_back(span);
  }
}

void ExampleReader::read_heads(const Record& record, Example& example) const {
  const Cell& found = cell(record, columns_.label);
  const std::string column = "column '" + columns_.label + "' ";
  if (found.kind != Cell::Kind::kList)
    fail(record, column + "must be a list of numbers, the head of each word, found " + description(found));
  const auto words = static_cast<int64_t>(example.words.size());
  for (const Cell& item : found.items) {
    const auto head = whole_number_of(item);
    const std::string which = " as the head of word " + std::to_string(example.heads.size() + 1);
    if (!head)
      fail_at(item, record, column + "must be a list of whole numbers, found " + description(item) + which);
    if (*head < 0 || *head > words) {
      fail_at(item, record,
              column + "holds " + std::to_string(*head) + which + "; heads are the numbers of words, 1 to " +
                  std::to_string(words) + ", and 0 for the root");
    }
    example.heads.push_back(*head);
  }
  if (example.heads.size() == example.words.size()) return;
  fail(record, std::to_string(words) + " words in '" + columns_.tokens + "' but " +
                   std::to_string(example.heads.size()) + " heads in '" + columns_.label +
                   "'; every word needs one");
}

void ExampleReader::read_label_list(const Record& record, Example& example) const {
  const bool tags = options_.kind == LabelKind::kTags;
  const Cell& found = cell(record, columns_.label);
  const std::string column = "column '" + columns_.label + "' ";
  if (found.kind != Cell::Kind::kList) {
    fail(record, column +
                     (tags ? "must be a list of tags, one a word, found "
                           : "must be a list of labels (an empty one for none), found ") +
                     description(found));
  }
  for (const Cell& item : found.items) {
    const std::string what =
        item.kind == Cell::Kind::kText && item.text.empty() ? "an empty text" : description(item);
    if (item.text.empty()) {
      fail_at(item, record,
              column + "holds " + what + " where a label is needed, at place " +
                  std::to_string(example.labels.size() + 1));
    }
    check_text(item.text, columns_.label, line_of(item, record));
    example.labels.push_back(item.text);
  }
  if (tags && example.labels.size() != example.words.size()) {
    fail(record, std::to_string(example.words.size()) + " words in '" + columns_.tokens + "' but " +
                     std::to_string(example.labels.size()) + " tags in '" + columns_.label +
                     "'; every word needs one tag");
  }
}

void ExampleReader::read_label(const Record& record, Example& example) const {
  const Cell& found = cell(record, columns_.label);
  const std::string column = "column '" + columns_.label + "' ";
  if (found.kind == Cell::Kind::kNull || (found.kind == Cell::Kind::kText && found.text.empty())) {
    fail(record,
         column + "is " + (found.kind == Cell::Kind::kNull ? "null" : "empty") + "; every row needs a label");
  }
  if (options_.kind == LabelKind::kNumber) {
    const std::optional<double> value = number_of(found);
    if (!value) fail(record, column + "must be a number, found " + description(found));
    example.value = *value;
    return;
  }
  if (found.kind == Cell::Kind::kList || found.kind == Cell::Kind::kObject) {
    fail(record, column + "must be one label, found " + description(found) + "; several labels a row are " +
                     (options_.entities > 0 ? "multi_label: true of the task type entity_classification"
                                            : "the task type multilabel_classification"));
  }
  example.labels = {found.text};
  check_text(example.labels.front(), columns_.label, record.number);
}

Example ExampleReader::read(const Record& record) const {
  Example example;
  example.number = record.number;
  if (options_.images) {
    read_image(record, example);
  } else if (!columns_.tokens.empty()) {
    read_words(record, example);
  } else {
    example.text = text(record, columns_.text.front());
    if (columns_.text.size() == 2) example.text_pair = text(record, columns_.text.back());
  }
  if (!columns_.entity.empty()) read_entities(record, example);
  if (!options_.labelled) return example;
  const bool list = options_.kind == LabelKind::kTags || options_.kind == LabelKind::kLabelSet ||
                    options_.kind == LabelKind::kAnswers;
  if (options_.kind == LabelKind::kHeads) {
    read_heads(record, example);
  } else {
    list ? read_label_list(record, example) : read_label(record, example);
  }
  return example;
}

}  // namespace adaptune
