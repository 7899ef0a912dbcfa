#include "core/source_excerpt.h"

#include <algorithm>
#include <vector>

namespace adaptune {
namespace {

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::vector<std::string> characters(std::string_view line) {
  std::vector<std::string> all;
  for (const char byte : line) {
    if (continues_character(byte) && !all.empty()) {
      all.back() += byte;
    } else {
      all.emplace_back(1, static_cast<unsigned char>(byte) < ' ' ? ' ' : byte);
    }
  }
  return all;
}

}  // namespace

size_t characters_in(std::string_view line, size_t bytes) {
  const auto part = line.substr(0, bytes);
  const auto continued = std::count_if(part.begin(), part.end(), continues_character);
  return part.size() - static_cast<size_t>(continued);
}

std::string source_excerpt(std::string_view line, const std::string& number, size_t column, size_t length,
                           const std::string& note) {
  constexpr size_t kLongest = 110, kBefore = 50;
  const auto all = characters(line);
  const size_t place = characters_in(line, column);
  const size_t marked =
      std::max<size_t>(1, characters_in(line, column + length) - std::min(place, all.size()));
  const size_t first = all.size() > kLongest && place > kBefore ? place - kBefore : 0;
  const size_t last = std::min(all.size(), first + kLongest);

  std::string shown = first > 0 ? "…" : "";
  for (size_t i = first; i < last; ++i) shown += all[i];
  if (last < all.size()) shown += "…";
  const std::string spaces(place - first + (first > 0 ? 1 : 0), ' ');
  const std::string caret =
      "^" + std::string(std::min(marked, std::max<size_t>(1, last - std::min(last, place))) - 1, '~');
  const std::string text =
      "  " + number + " | " + shown + "\n  " + std::string(number.size(), ' ') + " | " + spaces + caret;
  return text + (note.empty() ? "" : " " + note) + "\n";
}

}  // namespace adaptune
