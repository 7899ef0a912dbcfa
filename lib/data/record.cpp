#include "data/record.h"

#include <array>
#include <cstdio>

#include "core/error.h"
#include "core/utf8.h"
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

void check_utf8(const std::string& text, const std::string& where) {
  const auto invalid = first_invalid_utf8(text);
  if (!invalid) return;
  constexpr std::size_t kShown = 20;
  std::size_t begin = *invalid > kShown ? *invalid - kShown : 0;
  while (begin < *invalid && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) ++begin;
  std::array<char, 3> hex{};
  std::snprintf(hex.data(), hex.size(), "%02x", static_cast<unsigned char>(text[*invalid]));
  const std::string place =
      *invalid == 0 ? " at its start" : " behind " + quoted_name(text.substr(begin, *invalid - begin));
  throw InputError(where + ": byte 0x" + hex.data() + place +
                   " is not UTF-8 text; convert the text, for example with iconv -f LATIN1 -t UTF-8");
}

std::string shortened(const std::string& text) {
  constexpr std::size_t kLongest = 60;
  if (text.size() <= kLongest) return quoted_name(text);
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return quoted_name(text.substr(0, end) + "...");
}

}  // namespace adaptune
