#pragma once
// Configuration errors, collected and rendered together.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_tree.h"

namespace adaptune {

class ConfigErrors {
 public:
  // A source is named in messages and quoted in them. Its number is what ConfigPlace::source holds.
  int add_file(const std::string& name, const std::string& text);
  int add_override(int number, const std::string& text);  // "command line: override <number>"

  // An error of reading. The same message at the same place counts once.
  void add(const ConfigPlace& place, const std::string& message, const std::string& hint = "");
  // An error of parsing; `fatal` when it cost the text of a whole file, so that errors of reading mean
  // nothing.
  void add_syntax(const ConfigPlace& place, const std::string& message, const std::string& hint, bool fatal);

  bool empty() const { return errors_.empty(); }
  size_t count() const { return errors_.size(); }
  // "config.yaml:14:3" or "command line: override 2".
  std::string place_text(const ConfigPlace& place) const;
  // The line of a place with a caret below, followed by `note`; empty where there is no line. Without a line
  // break at the end.
  std::string excerpt(const ConfigPlace& place, const std::string& note) const;
  bool is_override(const ConfigPlace& place) const;
  // A line of a source without its line break; empty beyond the end.
  std::string_view line(int source, int number) const;
  // All errors by place, and their number: the text of the UsageError.
  std::string text() const;

 private:
  struct Source {
    std::string name;
    std::vector<std::string> lines;
    int rank = 0;  // files first, then overrides
    bool is_override = false;
  };
  struct Entry {
    ConfigPlace place;
    std::string message, hint;
    bool syntax = false;
  };
  int add_source(Source source, const std::string& text);
  void add_entry(Entry entry);
  std::string rendered(const Entry& entry) const;

  std::vector<Source> sources_;
  std::vector<Entry> errors_;
  bool fatal_ = false;
};

}  // namespace adaptune
