#pragma once
// A row of a file to an example of a task.

#include <string>

#include "data/dataset.h"
#include "data/dataset_format.h"
#include "data/record.h"

namespace adaptune {

// The columns a task reads from a file, the defaults chosen by its first row. UsageError for options that
// contradict each other.
Columns choose_columns(const Record& first, const DatasetOptions& options, const DatasetFormat& format);

// Checks and converts the rows of one file.
class ExampleReader {
 public:
  ExampleReader(const DatasetOptions& options, const Columns& columns, const SourceFile& file)
      : options_(options), columns_(columns), file_(file) {}
  // InputError with file and line.
  Example read(const Record& record) const;

 private:
  const Cell& cell(const Record& record, const std::string& column) const;
  std::string text(const Record& record, const std::string& column) const;
  void read_image(const Record& record, Example& example) const;
  void read_entities(const Record& record, Example& example) const;
  EntitySpan read_span(const Record& record, const std::string& column) const;
  void read_heads(const Record& record, Example& example) const;
  void read_words(const Record& record, Example& example) const;
  void read_label(const Record& record, Example& example) const;
  void read_label_list(const Record& record, Example& example) const;
  void check_text(const std::string& text, const std::string& column, int64_t number) const;
  [[noreturn]] void fail(const Record& record, const std::string& message) const;
  // At the item's own line where it has one.
  [[noreturn]] void fail_at(const Cell& item, const Record& record, const std::string& message) const;

  const DatasetOptions& options_;
  const Columns& columns_;
  const SourceFile& file_;
};

}  // namespace adaptune
