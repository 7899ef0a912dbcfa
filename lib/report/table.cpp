#include "report/table.h"

#include <algorithm>
#include <stdexcept>

#include "core/joined.h"
#include "report/text_width.h"

namespace adaptune {
namespace {

using Texts = std::vector<std::string>;

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string one_line(const std::string& text) {
  return replace_all(replace_all(replace_all(text, "\r\n", " "), "\n", " "), "\r", " ");
}

std::string markdown_cell(const std::string& text) { return replace_all(one_line(text), "|", "\\|"); }

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return '"' + replace_all(text, "\"", "\"\"") + '"';
}

Texts titles(const std::vector<Column>& columns) {
  Texts texts;
  for (const Column& column : columns) texts.push_back(one_line(column.title));
  return texts;
}

std::string aligned_line(const std::vector<Column>& columns, const std::vector<int>& widths,
                         const Texts& row) {
  std::string line;
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool right = columns[i].align == Align::kRight;
    line += i == 0 ? "  " : "   ";
    line += right ? pad_left(row[i], widths[i]) : pad_right(row[i], widths[i]);
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add_row(std::vector<TableCell> row) {
  if (row.size() != columns_.size()) {
    throw std::logic_error("table of " + std::to_string(columns_.size()) + " columns: a row of " +
                           std::to_string(row.size()) + " cells");
  }
  rows_.push_back(std::move(row));
}

std::string Table::text() const {
  std::vector<Texts> lines{titles(columns_)};
  for (const auto& row : rows_) {
    Texts& line = lines.emplace_back();
    for (const TableCell& cell : row) line.push_back(one_line(cell.text));
  }
  std::vector<int> widths(columns_.size(), 0);
  for (const Texts& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i]));
  }
  std::string text;
  for (const Texts& line : lines) text += aligned_line(columns_, widths, line);
  return text;
}

std::string Table::markdown() const {
  Texts head, rule;
  for (const Column& column : columns_) {
    head.push_back(markdown_cell(column.title));
    rule.push_back(column.align == Align::kRight ? "---:" : "---");
  }
  std::string text = "| " + joined(head, " | ") + " |\n| " + joined(rule, " | ") + " |\n";
  for (const auto& row : rows_) {
    Texts cells;
    for (const TableCell& cell : row) cells.push_back(markdown_cell(cell.text));
    text += "| " + joined(cells, " | ") + " |\n";
  }
  return text;
}

std::string Table::csv() const {
  Texts head;
  for (const Column& column : columns_) head.push_back(csv_cell(column.title));
  std::string text = joined(head, ",") + "\n";
  for (const auto& row : rows_) {
    Texts cells;
    for (const TableCell& cell : row) cells.push_back(csv_cell(cell.value));
    text += joined(cells, ",") + "\n";
  }
  return text;
}

}  // namespace adaptune
