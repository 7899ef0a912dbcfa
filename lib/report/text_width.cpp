#include "report/text_width.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace adaptune {
namespace {

// Width of one character; negative: not a character.
int character_width(UChar32 character) {
  if (character < 0) return 1;
  const int category = u_charType(character);
  if (category == U_NON_SPACING_MARK || category == U_ENCLOSING_MARK || category == U_FORMAT_CHAR ||
      category == U_CONTROL_CHAR) {
    return 0;
  }
  const int east_asian = u_getIntPropertyValue(character, UCHAR_EAST_ASIAN_WIDTH);
  return east_asian == U_EA_WIDE || east_asian == U_EA_FULLWIDTH ? 2 : 1;
}

// Reads the character at `place` and moves past it.
int next_width(const std::string& text, int32_t& place) {
  UChar32 character;
  U8_NEXT(text.data(), place, static_cast<int32_t>(text.size()), character);
  return character_width(character);
}

std::string blanks(const std::string& text, int columns) {
  return std::string(std::max(0, columns - display_width(text)), ' ');
}

}  // namespace

int display_width(const std::string& text) {
  int width = 0;
  for (int32_t place = 0; place < static_cast<int32_t>(text.size());) width += next_width(text, place);
  return width;
}

std::string cut_to_width(const std::string& text, int columns) {
  int32_t place = 0;
  for (int width = 0; place < static_cast<int32_t>(text.size());) {
    int32_t next = place;
    width += next_width(text, next);
    if (width > columns) break;
    place = next;
  }
  return text.substr(0, place);
}

std::string pad_right(const std::string& text, int columns) { return text + blanks(text, columns); }
std::string pad_left(const std::string& text, int columns) { return blanks(text, columns) + text; }

}  // namespace adaptune
