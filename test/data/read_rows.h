#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset_format.h"

namespace adaptune {

inline std::vector<Record> rows_of(const std::filesystem::path& file, const FormatOptions& options = {}) {
  std::vector<Record> rows;
  format_of(file, /*images=*/false).read(file, options, [&](const Record& record) {
    rows.push_back(record);
  });
  return rows;
}

inline std::vector<std::string> texts_of(const Record& record) {
  std::vector<std::string> texts;
  for (const Cell& cell : record.cells) texts.push_back(cell.text);
  return texts;
}

inline std::vector<std::string> items_of(const Cell& cell) {
  std::vector<std::string> texts;
  for (const Cell& item : cell.items) texts.push_back(item.text);
  return texts;
}

}  // namespace adaptune
