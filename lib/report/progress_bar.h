#pragma once

#include <string>

namespace adaptune {

struct BarStyle {
  bool utf8 = true;     // else ASCII: "####------"
  bool colour = false;  // ANSI: done part green, rest dim
};

// A bar of `columns` columns, `share` (in [0, 1], clamped) of it done. With UTF-8 in half columns; the
// gap after the done part shows the place where there is no colour.
std::string progress_bar(double share, int columns, const BarStyle& style);

}  // namespace adaptune
