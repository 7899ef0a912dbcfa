#include "data/record.h"

#include "io/printable.h"

namespace adaptune {

std::string description(const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::kNull:
      return "null";
    case Cell::Kind::kText:
      return "the text " + shortened(cell.text);
    case Cell::Kind::kNumber:
      return "the number " + cell.text;
    case Cell::Kind::kBoolean:
      return cell.text;
    case Cell::Kind::kList:
      return "a list";
    case Cell::Kind::kObject:
      return "an object";
    case Cell::Kind::kImage:
      return "an image";
  }
  return "";
}

std::string row_location(const SourceFile& file, int64_t number) {
  return file.path.string() + (file.counts_rows ? " row " : ":") + std::to_string(number);
}

std::string shortened(const std::string& text) {
  constexpr std::size_t kLongest = 60;
  if (text.size() <= kLongest) return quoted_name(text);
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return quoted_name(text.substr(0, end) + "...");
}

}  // namespace adaptune
