#include "report/progress_bar.h"

#include <algorithm>
#include <cmath>

namespace adaptune {
namespace {

const char* const kLine = "\u2501";
const char* const kLeftHalf = "\u2578";
const char* const kRightHalf = "\u257a";

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace

std::string progress_bar(double share, int columns, const BarStyle& style) {
  const double clamped = std::isnan(share) ? 0 : std::clamp(share, 0.0, 1.0);
  const int halves = static_cast<int>(clamped * columns * 2 + 1e-9);
  const int whole = halves / 2;
  std::string done, rest;
  if (style.utf8) {
    const bool half = halves % 2 == 1;
    done = repeated(kLine, whole) + (half ? kLeftHalf : "");
    rest = half ? repeated(kLine, columns - whole - 1)
                : (whole < columns ? kRightHalf + repeated(kLine, columns - whole - 1) : "");
  } else {
    done = repeated("#", whole);
    rest = repeated("-", columns - whole);
  }
  if (!style.colour) return done + rest;
  return "\x1b[32m" + done + "\x1b[0m\x1b[2m" + rest + "\x1b[0m";
}

}  // namespace adaptune
