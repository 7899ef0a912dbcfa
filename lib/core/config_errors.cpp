#include "core/config_errors.h"

#include <algorithm>
#include <sstream>
#include <tuple>

#include "core/source_excerpt.h"

namespace adaptune {
namespace {

// Rank of the first override: beyond any number of files.
constexpr int kFirstOverrideRank = 1000;

std::vector<std::string> split_lines(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

// Short advice stands beside the caret, a list of choices or a long sentence on a line of its own.
bool fits_beside_caret(const std::string& hint) { return !hint.starts_with("known:") && hint.size() <= 70; }

}  // namespace

int ConfigErrors::add_source(Source source, const std::string& text) {
  source.lines = split_lines(text);
  sources_.push_back(std::move(source));
  return static_cast<int>(sources_.size()) - 1;
}

int ConfigErrors::add_file(const std::string& name, const std::string& text) {
  return add_source({name, {}, static_cast<int>(sources_.size()), false}, text);
}

int ConfigErrors::add_override(int number, const std::string& text) {
  return add_source(
      {"command line: override " + std::to_string(number), {}, kFirstOverrideRank + number, true}, text);
}

void ConfigErrors::add_entry(Entry entry) {
  const bool told = std::any_of(errors_.begin(), errors_.end(), [&](const Entry& other) {
    return other.message == entry.message && place_text(other.place) == place_text(entry.place) &&
           other.place.column == entry.place.column;
  });
  if (!told) errors_.push_back(std::move(entry));
}

void ConfigErrors::add(const ConfigPlace& place, const std::string& message, const std::string& hint) {
  add_entry({place, message, hint, false});
}

void ConfigErrors::add_syntax(const ConfigPlace& place, const std::string& message, const std::string& hint,
                              bool fatal) {
  fatal_ = fatal_ || fatal;
  add_entry({place, message, hint, true});
}

std::string_view ConfigErrors::line(int source, int number) const {
  if (source < 0 || number < 0) return {};
  const auto& lines = sources_.at(static_cast<size_t>(source)).lines;
  return static_cast<size_t>(number) < lines.size() ? std::string_view(lines[static_cast<size_t>(number)])
                                                    : std::string_view();
}

bool ConfigErrors::is_override(const ConfigPlace& place) const {
  return place.source >= 0 && sources_.at(static_cast<size_t>(place.source)).is_override;
}

std::string ConfigErrors::place_text(const ConfigPlace& place) const {
  if (place.source < 0) return "configuration";
  const Source& source = sources_.at(static_cast<size_t>(place.source));
  if (source.is_override) return source.name;
  const auto column = characters_in(line(place.source, place.line), static_cast<size_t>(place.column)) + 1;
  return source.name + ":" + std::to_string(place.line + 1) + ":" + std::to_string(column);
}

std::string ConfigErrors::excerpt(const ConfigPlace& place, const std::string& note) const {
  const auto source_line = line(place.source, place.line);
  if (source_line.find_first_not_of(" \t") == std::string_view::npos) return "";
  const std::string number = is_override(place) ? "  " : std::to_string(place.line + 1);
  std::string text = source_excerpt(source_line, number, static_cast<size_t>(place.column),
                                    static_cast<size_t>(place.length), note);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string ConfigErrors::rendered(const Entry& entry) const {
  const bool fits = fits_beside_caret(entry.hint);
  const std::string lines = excerpt(entry.place, fits ? entry.hint : "");
  std::string text = place_text(entry.place) + ": error: " + entry.message + "\n";
  if ((!fits || lines.empty()) && !entry.hint.empty()) text += "     " + entry.hint + "\n";
  return lines.empty() ? text : text + lines + "\n";
}

std::string ConfigErrors::text() const {
  std::vector<const Entry*> shown;
  for (const auto& entry : errors_) {
    if (!fatal_ || entry.syntax) shown.push_back(&entry);
  }
  const auto order = [this](const Entry* entry) {
    const int source = entry->place.source;
    const int rank = source < 0 ? -1 : sources_[static_cast<size_t>(source)].rank;
    return std::make_tuple(rank, entry->place.line, entry->place.column);
  };
  std::stable_sort(shown.begin(), shown.end(), [&](auto* a, auto* b) { return order(a) < order(b); });
  std::string all;
  for (const auto* entry : shown) all += rendered(*entry);
  return all + std::to_string(shown.size()) + (shown.size() == 1 ? " error" : " errors") +
         "; nothing was run";
}

}  // namespace adaptune
