#include "report/number_format.h"

#include <fmt/format.h>

#include <cmath>
#include <ctime>

namespace adaptune {
namespace {

const char* const kMissing = "\u2013";

}  // namespace

std::string fixed(double number, int digits) { return fmt::format("{:.{}f}", number, digits); }
std::string scientific(double number, int digits) { return fmt::format("{:.{}e}", number, digits); }
std::string percentage(double share, int digits) { return fixed(100 * share, digits) + " %"; }

std::string score_text(std::optional<double> points) { return points ? fixed(*points, 2) : kMissing; }

std::string difference_text(std::optional<double> points) {
  if (!points) return kMissing;
  const std::string text = fmt::format("{:+.2f}", *points);
  return text == "-0.00" ? "+0.00" : text;
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e12) return kMissing;
  const int64_t whole = std::llround(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string mebibytes(int64_t bytes) { return fixed(bytes / 1048576.0, 1) + " MiB"; }

std::string utc_time(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace adaptune
