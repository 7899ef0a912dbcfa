#include "core/identity_difference.h"

#include <algorithm>
#include <sstream>
#include <vector>

namespace adaptune {
namespace {

struct Setting {
  std::string path, value;
  std::string line(const char* mark) const { return std::string("\n  ") + mark + " " + path + ": " + value; }
};

struct Section {
  size_t indent;
  std::string path;  // with the dot behind it
};

std::vector<Setting> settings_of(const std::string& text) {
  std::vector<Setting> settings;
  std::vector<Section> open;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos) continue;
    const size_t colon = line.find(": ");
    const bool is_section = colon == std::string::npos && line.ends_with(':');
    if (colon == std::string::npos && !is_section && !settings.empty()) {
      settings.back().value += ", " + line.substr(indent);
      continue;
    }
    while (!open.empty() && open.back().indent >= indent) open.pop_back();
    const std::string start = open.empty() ? "" : open.back().path;
    if (is_section) {
      open.push_back({indent, start + line.substr(indent, line.size() - 1 - indent) + "."});
    } else {
      const size_t end = std::min(colon, line.size());
      settings.push_back(
          {start + line.substr(indent, end - indent), line.substr(std::min(end + 2, line.size()))});
    }
  }
  return settings;
}

const Setting* find_setting(const std::vector<Setting>& settings, const std::string& path) {
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const Setting& other) { return other.path == path; });
  return found == settings.end() ? nullptr : &*found;
}

}  // namespace

std::string identity_difference(const std::string& before, const std::string& now) {
  const auto old_settings = settings_of(before), new_settings = settings_of(now);
  std::string text;
  for (const auto& setting : old_settings) {
    const Setting* other = find_setting(new_settings, setting.path);
    if (other != nullptr && other->value == setting.value) continue;
    text += setting.line("-");
    if (other != nullptr) text += other->line("+");
  }
  for (const auto& setting : new_settings) {
    if (find_setting(old_settings, setting.path) == nullptr) text += setting.line("+");
  }
  return text;
}

}  // namespace adaptune
