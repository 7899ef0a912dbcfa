#include "data/delimited_format.h"

#include <algorithm>

#include "core/error.h"
#include "core/joined.h"
#include "data/delimited_reader.h"

namespace adaptune {
namespace {

// How a file separates fields, and what to advise when a row has another number of them.
struct Dialect {
  char separator;
  bool quoted;
  std::string advice;
};

std::vector<std::string> read_header(DelimitedReader& reader, const std::filesystem::path& file) {
  std::vector<std::string> columns;
  if (!reader.next(columns)) {
    throw InputError(file.string() + ": is empty; the first line must name the columns");
  }
  for (const std::string& column : columns) check_utf8(column, row_location({file}, reader.line_number()));
  std::vector<std::string> sorted = columns;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    throw InputError(row_location({file}, reader.line_number()) + ": column '" + *twice + "' is named twice");
  }
  return columns;
}

[[noreturn]] void throw_field_count(const std::string& where, std::size_t found, const Record& record,
                                    const std::string& advice) {
  throw InputError(where + ": has " + std::to_string(found) + (found == 1 ? " field" : " fields") +
                   ", the header has " + std::to_string(record.columns.size()) + " (" +
                   joined(record.columns) + "); " + advice + separator_hint(record.columns));
}

void read_delimited(const std::filesystem::path& file, const Dialect& dialect, const RecordSink& sink) {
  DelimitedReader reader(file, dialect.separator, dialect.quoted);
  Record record;
  record.columns = read_header(reader, file);
  for (std::vector<std::string> fields; reader.next(fields);) {
    record.number = reader.line_number();
    if (fields.size() != record.columns.size()) {
      throw_field_count(row_location({file}, record.number), fields.size(), record, dialect.advice);
    }
    record.cells.clear();
    for (std::string& field : fields) record.cells.push_back({Cell::Kind::kText, std::move(field), {}});
    sink(record);
  }
}

}  // namespace

std::string separator_hint(const std::vector<std::string>& columns) {
  if (columns.size() != 1) return "";
  const std::size_t separator = columns.front().find_first_of(";,|\t");
  if (separator == std::string::npos) return "";
  const char found = columns.front()[separator];
  return "; the fields seem to be separated by " + (found == '\t' ? "tabs" : std::string("'") + found + "'") +
         ": .csv needs commas, and double quotes around fields that hold one, .tsv needs tabs";
}

void read_csv(const std::filesystem::path& file, const FormatOptions&, const RecordSink& sink) {
  read_delimited(file, {',', true, "a field that holds a comma needs double quotes around it"}, sink);
}

void read_tsv(const std::filesystem::path& file, const FormatOptions& options, const RecordSink& sink) {
  const std::string advice = options.quoted_tsv
                                 ? "a field that holds a tab needs double quotes around it"
                                 : "a field cannot hold a tab, unless it is in double quotes and "
                                   "`quoted: true` is set";
  read_delimited(file, {'\t', options.quoted_tsv, advice}, sink);
}

}  // namespace adaptune
