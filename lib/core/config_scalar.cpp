#include "core/config_scalar.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "core/config_interpolation.h"

namespace adaptune {
namespace {

template <typename T>
std::optional<T> whole_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  T value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string without(std::string text, char removed) {
  std::erase(text, removed);
  return text;
}

// Text that YAML would take for null.
bool reads_as_null(const std::string& text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

bool begins_like_yaml(const std::string& text) {
  static const std::string indicators = "!&*|>'\"%@`#,[]{}";
  if (indicators.find(text.front()) != std::string::npos) return true;
  const bool starts_entry = text.front() == '-' || text.front() == '?' || text.front() == ':';
  return starts_entry && (text.size() == 1 || text[1] == ' ');
}

bool needs_quotes(const std::string& text, bool in_list) {
  if (reads_as_null(text) || begins_like_yaml(text)) return true;
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return true;
  if (text.starts_with("---") || text.starts_with("...")) return true;
  for (const char byte : text) {
    if (static_cast<unsigned char>(byte) < ' ' || byte == 127) return true;
  }
  if (text.find(": ") != std::string::npos || text.find(" #") != std::string::npos) return true;
  // Inside brackets a ':' or '?' may begin a pair in some readers, so quote there at the first doubt.
  return in_list && text.find_first_of(",[]{}:?") != std::string::npos;
}

std::string quoted(const std::string& text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string result = "\"";
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') {
      result += std::string("\\") + byte;
    } else if (byte == '\n') {
      result += "\\n";
    } else if (byte == '\t') {
      result += "\\t";
    } else if (code < ' ' || code == 127) {
      result += std::string("\\x") + kDigits[code >> 4] + kDigits[code & 15];
    } else {
      result += byte;
    }
  }
  return result + "\"";
}

}  // namespace

std::optional<int64_t> integer_from(const std::string& text) { return whole_number<int64_t>(text); }

std::optional<double> number_from(const std::string& text) {
  if (text == ".inf" || text == "+.inf") return std::numeric_limits<double>::infinity();
  if (text == "-.inf") return -std::numeric_limits<double>::infinity();
  const auto value = whole_number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<bool> truth_from(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::string integer_hint(const std::string& text) {
  const auto plain = integer_from(without(without(text, '_'), ','));
  if (plain) return "write " + std::to_string(*plain);
  const auto number = number_from(text);
  const bool exact = number && std::abs(*number) < 1e15 && std::floor(*number) == *number;
  return exact ? "write " + std::to_string(static_cast<int64_t>(*number)) : "";
}

std::string number_hint(const std::string& text) {
  const auto plain = number_from(without(text, '_'));
  if (plain) return "write " + number_text(*plain);
  if (text.ends_with('%')) {
    const auto percent = number_from(text.substr(0, text.size() - 1));
    if (percent) return "write " + number_text(*percent / 100);
  }
  return "";
}

std::string truth_hint(const std::string& text) {
  static const std::set<std::string> yes = {"yes", "Yes", "YES",  "y",    "Y", "on",
                                            "On",  "ON",  "True", "TRUE", "1"};
  static const std::set<std::string> no = {"no",  "No",  "NO",    "n",     "N", "off",
                                           "Off", "OFF", "False", "FALSE", "0"};
  if (yes.contains(text)) return "write true";
  return no.contains(text) ? "write false" : "";
}

std::string number_text(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  const std::string text(buffer.data(), end);
  const size_t exponent = text.find('e');
  if (exponent == std::string::npos) return text.find('.') == std::string::npos ? text + ".0" : text;
  const auto power = whole_number<int64_t>(std::string_view(text).substr(exponent + 1));
  return text.substr(0, exponent + 1) + std::to_string(power.value());
}

std::string scalar_text(const std::string& text, bool in_list) {
  const std::string written = without_references(text);
  return needs_quotes(written, in_list) ? quoted(written) : written;
}

std::string key_text(const std::string& key) {
  return needs_quotes(key, true) || key == "<<" ? quoted(key) : key;
}

std::string list_text(const std::vector<std::string>& items) {
  std::string text = "[";
  for (size_t i = 0; i < items.size(); ++i) text += (i > 0 ? ", " : "") + items[i];
  return text + "]";
}

}  // namespace adaptune
