#pragma once
// Rows of a data file before anything is known about the task.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace adaptune {

// One value of a row.
struct Cell {
  enum class Kind { kNull, kText, kNumber, kBoolean, kList, kObject, kImage };
  Kind kind = Kind::kNull;
  // The text; a number or truth value written out: "1" (also for 1.0), "0.5", "true". Else empty.
  std::string text;
  std::vector<Cell> items;  // kList
  std::string bytes;        // kImage: of the image's file, whose name is the text
  int64_t number = 0;       // of an item that has a line of its own: that line. Else 0
};

// "null", "the number 3", "the text 'abc'", "a list": what was found, for messages.
std::string description(const Cell& cell);

// One row: cells[i] belongs to columns[i].
struct Record {
  std::vector<std::string> columns;
  std::vector<Cell> cells;
  int64_t number = 0;  // first line of the row, from 1; of a .json file the row, from 1
};

// Called once a row, in the order of the file.
using RecordSink = std::function<void(const Record& record)>;

// A file of a data set, and what its rows' numbers count.
struct SourceFile {
  std::filesystem::path path;
  bool counts_rows = false;  // else lines
};

// "data/x.jsonl:17" or "data/x.json row 17".
std::string row_location(const SourceFile& file, int64_t number);

// InputError "<where>: byte 0xe9 behind 'caf' is not UTF-8 text; ..." for text that is something else.
void check_utf8(const std::string& text, const std::string& where);

// A piece of a file for a message: in single quotes, control characters escaped, cut after about 60 bytes.
std::string shortened(const std::string& text);

}  // namespace adaptune
