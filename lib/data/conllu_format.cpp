#include "data/conllu_format.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "data/tab_fields.h"
#include "io/text_file.h"

namespace adaptune {
namespace {

constexpr std::size_t kFields = 10;
// Which fields become which columns.
constexpr std::pair<std::size_t, const char*> kColumns[] = {
    {1, "tokens"}, {2, "lemmas"}, {3, "tags"}, {6, "heads"}, {7, "deprels"}};

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Record empty_record() {
  Record record;
  for (const auto& column : kColumns) {
    record.columns.emplace_back(column.second);
    record.cells.push_back(Cell{Cell::Kind::kList, "", {}, {}});
  }
  return record;
}

void append_word(const std::vector<std::string>& fields, int64_t line, Record& record) {
  for (std::size_t i = 0; i < std::size(kColumns); ++i) {
    const std::string& field = fields[kColumns[i].first];
    const bool number = std::string(kColumns[i].second) == "heads" && is_number(field);
    record.cells[i].items.push_back({number ? Cell::Kind::kNumber : Cell::Kind::kText, field, {}, {}, line});
  }
}

}  // namespace

void read_conllu(const std::filesystem::path& file, const FormatOptions&, const RecordSink& sink) {
  LineReader reader(file);
  Record record = empty_record();
  const auto end_sentence = [&] {
    if (!record.cells.front().items.empty()) sink(record);
    record = empty_record();
  };
  for (std::string line; reader.next(line);) {
    if (line.empty()) {
      end_sentence();
      continue;
    }
    if (line.front() == '#') continue;
    const auto fields = split_by_tabs(line);
    if (fields.size() != kFields) {
      throw InputError(row_location({file}, reader.line_number()) + ": has " + std::to_string(fields.size()) +
                       " fields; CoNLL-U has " + std::to_string(kFields) + ", separated by tabs");
    }
    if (!is_number(fields[0])) continue;  // a range, or an empty node
    const std::string due = std::to_string(record.cells.front().items.size() + 1);
    if (fields[0] != due) {
      throw InputError(row_location({file}, reader.line_number()) + ": word " + fields[0] +
                       " comes where word " + due +
                       " is due; a sentence's words are numbered from 1, and a blank line ends it");
    }
    if (record.cells.front().items.empty()) record.number = reader.line_number();
    append_word(fields, reader.line_number(), record);
  }
  end_sentence();
}

}  // namespace adaptune
