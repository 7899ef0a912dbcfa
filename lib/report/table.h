#pragma once
// One table, rendered as aligned text, Markdown or CSV.

#include <string>
#include <utility>
#include <vector>

namespace adaptune {

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

struct TableCell {
  // A text is a cell: rows are written as lists of texts.
  // NOLINTBEGIN(google-explicit-constructor)
  TableCell(std::string shown) : text(std::move(shown)), value(text) {}
  TableCell(const char* shown) : text(shown), value(shown) {}
  // NOLINTEND(google-explicit-constructor)
  // `raw` is for programs: "109482240" beside "109 482 240".
  TableCell(std::string shown, std::string raw) : text(std::move(shown)), value(std::move(raw)) {}

  std::string text;   // for people: text and Markdown
  std::string value;  // for CSV
};

class Table {
 public:
  explicit Table(std::vector<Column> columns);

  // std::logic_error when the number of cells is not that of the columns.
  void add_row(std::vector<TableCell> row);

  // A title line and a line a row, each after two blanks, columns three blanks apart, no blanks at the
  // end, each with a newline. Widths are those on a terminal. A line break in a cell becomes a blank.
  std::string text() const;
  std::string markdown() const;  // GitHub's tables, with alignment
  std::string csv() const;       // RFC 4180, but lines end in a plain newline

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<TableCell>> rows_;
};

}  // namespace adaptune
