#pragma once
// Numbers as people read them; the same in every locale.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace adaptune {

std::string fixed(double number, int digits);               // "0.187"; "nan", "inf"
std::string scientific(double number, int digits);          // "8.1e-05"
std::string percentage(double share, int digits = 2);       // 0.0081 -> "0.81 %"
std::string score_text(std::optional<double> points);       // "92.43"; empty: an en dash
std::string difference_text(std::optional<double> points);  // "+5.41", "-0.30", "+0.00"; empty: an en dash
std::string duration_text(double seconds);  // "0:12:51", "27:03:11": hours, minutes, seconds, rounded
std::string mebibytes(int64_t bytes);       // "3.4 MiB"
std::string utc_time(std::chrono::system_clock::time_point time);  // "2026-11-23T15:20:11Z"

}  // namespace adaptune
