#include "data/conll_format.h"

#include "core/error.h"
#include "data/tab_fields.h"
#include "io/text_file.h"

namespace adaptune {
namespace {

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t") == std::string::npos; }

std::vector<std::string> split_by_blanks(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t begin = line.find_first_not_of(' ');
  while (begin != std::string::npos) {
    const std::size_t end = line.find(' ', begin);
    fields.push_back(line.substr(begin, end == std::string::npos ? end : end - begin));
    begin = line.find_first_not_of(' ', end);
  }
  return fields;
}

std::vector<std::string> split(const std::string& line) {
  return line.find('\t') == std::string::npos ? split_by_blanks(line) : split_by_tabs(line);
}

// Words of one sentence, column by column.
class Sentence {
 public:
  Sentence(const std::filesystem::path& file, const RecordSink& sink) : file_(file), sink_(sink) {}

  void add(const std::vector<std::string>& fields, int64_t line) {
    if (column_count_ == 0) column_count_ = fields.size();
    if (fields.size() != column_count_) {
      throw InputError(row_location({file_}, line) + ": has " + std::to_string(fields.size()) +
                       (fields.size() == 1 ? " column" : " columns") + ", the lines before have " +
                       std::to_string(column_count_) + "; every line needs the same");
    }
    if (columns_.empty()) {
      first_line_ = line;
      columns_.assign(column_count_, Cell{Cell::Kind::kList, "", {}});
    }
    for (std::size_t i = 0; i < fields.size(); ++i)
      columns_[i].items.push_back({Cell::Kind::kText, fields[i], {}, {}, line});
  }

  void end() {
    if (columns_.empty()) return;
    Record record;
    record.number = first_line_;
    record.columns = {"tokens"};
    record.cells = {columns_.front()};
    if (column_count_ > 1) {
      record.columns.push_back("tags");
      record.cells.push_back(columns_.back());
    }
    for (std::size_t i = 0; i < column_count_; ++i) {
      record.columns.push_back(std::to_string(i + 1));
      record.cells.push_back(std::move(columns_[i]));
    }
    columns_.clear();
    sink_(record);
  }

 private:
  const std::filesystem::path& file_;
  const RecordSink& sink_;
  std::size_t column_count_ = 0;  // of the file; 0: no line yet
  std::vector<Cell> columns_;
  int64_t first_line_ = 0;
};

}  // namespace

void read_conll(const std::filesystem::path& file, const FormatOptions&, const RecordSink& sink) {
  LineReader reader(file);
  Sentence sentence(file, sink);
  for (std::string line; reader.next(line);) {
    if (is_blank(line)) {
      sentence.end();
    } else if (std::vector<std::string> fields = split(line); fields.front() != "-DOCSTART-") {
      sentence.add(fields, reader.line_number());
    }
  }
  sentence.end();
}

}  // namespace adaptune
