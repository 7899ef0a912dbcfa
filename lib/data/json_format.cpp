#include "data/json_format.h"

#include "core/error.h"
#include "data/json_cell.h"
#include "io/text_file.h"

namespace adaptune {
namespace {

void read_objects(const OrderedJson& rows, const SourceFile& file, const RecordSink& sink) {
  Record record;
  for (const OrderedJson& row : rows) {
    ++record.number;
    if (!row.is_object()) {
      throw InputError(row_location(file, record.number) +
                       ": must be an object with one value a column, found " + description(json_cell(row)));
    }
    fill_record(row, record);
    sink(record);
  }
}

// The common length of all columns.
std::size_t row_count(const OrderedJson& columns, const SourceFile& file) {
  const std::string* first = nullptr;
  std::size_t count = 0;
  for (const auto& [name, values] : columns.items()) {
    const std::string where = file.path.string() + ": column '" + name + "' ";
    if (!values.is_array()) {
      throw InputError(where + "must be a list of values, found " + description(json_cell(values)) +
                       "; one object a line is the format .jsonl");
    }
    if (first == nullptr) {
      first = &name;
      count = values.size();
    } else if (values.size() != count) {
      throw InputError(where + "has " + std::to_string(values.size()) + " values, '" + columns.begin().key() +
                       "' has " + std::to_string(count));
    }
  }
  return count;
}

void read_columns(const OrderedJson& columns, const SourceFile& file, const RecordSink& sink) {
  const std::size_t count = row_count(columns, file);
  Record record;
  for (std::size_t row = 0; row < count; ++row) {
    record.columns.clear();
    record.cells.clear();
    record.number = static_cast<int64_t>(row) + 1;
    for (const auto& [name, values] : columns.items()) {
      record.columns.push_back(name);
      record.cells.push_back(json_cell(values[row]));
    }
    sink(record);
  }
}

}  // namespace

void read_json(const std::filesystem::path& path, const FormatOptions&, const RecordSink& sink) {
  const SourceFile file{path, /*counts_rows=*/true};
  const OrderedJson content = parse_json(read_text(path), path.string());
  if (content.is_array()) return read_objects(content, file, sink);
  if (content.is_object()) return read_columns(content, file, sink);
  throw InputError(path.string() + ": must be an array of objects or an object of columns, found " +
                   description(json_cell(content)));
}

}  // namespace adaptune
