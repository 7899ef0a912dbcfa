#include "core/thousands.h"

namespace adaptune {

std::string thousands(int64_t number) {
  std::string text = std::to_string(number);
  const int64_t first_digit = number < 0 ? 1 : 0;
  for (int64_t place = static_cast<int64_t>(text.size()) - 3; place > first_digit; place -= 3) {
    text.insert(place, 1, ' ');
  }
  return text;
}

}  // namespace adaptune
