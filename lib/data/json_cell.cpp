#include "data/json_cell.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <sstream>
#include <stdexcept>

#include "core/error.h"
#include "core/utf8.h"

namespace adaptune {
namespace {

std::string written(double number) {
  constexpr double kLargestExactInteger = 9007199254740992.0;
  if (std::floor(number) == number && std::abs(number) <= kLargestExactInteger) {
    return std::to_string(static_cast<int64_t>(number));
  }
  return OrderedJson(number).dump();
}

// The text around byte `position` (from 1), where the parser stopped.
std::string text_at(const std::string& text, std::size_t position) {
  constexpr std::size_t kBefore = 20;
  std::size_t begin = position > kBefore ? position - kBefore : 0;
  while (begin > 0 && (static_cast<unsigned char>(text[std::min(begin, text.size() - 1)]) & 0xC0) == 0x80)
    --begin;
  return begin < text.size() ? text.substr(begin) : "";
}

std::string line_and_column(const std::string& text, std::size_t position) {
  const std::size_t end = std::min(position == 0 ? 0 : position - 1, text.size());
  const auto newlines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
  const std::size_t last = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const std::size_t column = end - (last == std::string::npos ? 0 : last + 1) + 1;
  const std::string at_column = "column " + std::to_string(column);
  return newlines == 0 ? at_column : "line " + std::to_string(newlines + 1) + " " + at_column;
}

// A callback of the parser that reports a key when it comes again in its object.
class RepeatedKeys {
 public:
  using Report = std::function<void(const std::string& key)>;
  explicit RepeatedKeys(Report report) : report_(std::move(report)) {}

  bool operator()(int, OrderedJson::parse_event_t event, const OrderedJson& parsed) {
    if (event == OrderedJson::parse_event_t::object_start) open_.emplace_back();
    if (event == OrderedJson::parse_event_t::object_end) open_.pop_back();
    if (event != OrderedJson::parse_event_t::key) return true;
    const auto& key = parsed.get_ref<const std::string&>();
    if (!open_.back().insert(key).second) report_(key);
    return true;
  }

 private:
  Report report_;
  std::vector<std::set<std::string>> open_;  // keys of the objects around
};

// Parses once more, as a stream: that knows how far it has been read.
[[noreturn]] void throw_repeated(const std::string& text, const std::string& where) {
  std::istringstream stream(text);
  const auto report = [&](const std::string& key) {
    const auto begin = static_cast<std::size_t>(stream.tellg()) - key.size() - 1;
    throw InputError(where + ": key " + shortened(key) + " is named twice, again at " +
                     line_and_column(text, begin) + "; leave one of them");
  };
  OrderedJson::parse(stream, RepeatedKeys(report));
  throw std::logic_error("a key is named twice and then not");
}

}  // namespace

OrderedJson parse_json(const std::string& text, const std::string& where) {
  if (const auto invalid = first_invalid_utf8(text))
    check_utf8(text, where + ": " + line_and_column(text, *invalid + 1));
  try {
    bool repeated = false;
    OrderedJson json = OrderedJson::parse(text, RepeatedKeys([&](const std::string&) { repeated = true; }));
    if (repeated) throw_repeated(text, where);
    return json;
  } catch (const OrderedJson::parse_error& error) {
    const std::string rest = text_at(text, error.byte);
    throw InputError(
        where + ": is not JSON: " + (error.byte > text.size() ? "ends too early, after " : "wrong in ") +
        (rest.empty() ? shortened(text) : shortened(rest)) + " at " + line_and_column(text, error.byte));
  } catch (const OrderedJson::out_of_range& error) {
    throw InputError(where + ": is not JSON that can be read: a number is out of range in " +
                     shortened(text));
  }
}

Cell json_cell(const OrderedJson& value) {
  Cell cell;
  if (value.is_string()) {
    cell = {Cell::Kind::kText, value.get_ref<const std::string&>(), {}};
  } else if (value.is_boolean()) {
    cell = {Cell::Kind::kBoolean, value.get<bool>() ? "true" : "false", {}};
  } else if (value.is_number_float()) {
    cell = {Cell::Kind::kNumber, written(value.get<double>()), {}};
  } else if (value.is_number()) {
    cell = {Cell::Kind::kNumber, value.dump(), {}};
  } else if (value.is_array()) {
    cell.kind = Cell::Kind::kList;
    cell.items.reserve(value.size());
    for (const OrderedJson& item : value) cell.items.push_back(json_cell(item));
  } else if (value.is_object()) {
    cell.kind = Cell::Kind::kObject;
  }
  return cell;
}

void fill_record(const OrderedJson& object, Record& record) {
  record.columns.clear();
  record.cells.clear();
  for (const auto& [name, value] : object.items()) {
    record.columns.push_back(name);
    record.cells.push_back(json_cell(value));
  }
}

}  // namespace adaptune
