#include "core/config_node_parse.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>

#include "core/environment_reference.h"

namespace adaptune {
namespace {

// Far beyond any configuration; reached only by aliases that refer to themselves or multiply.
constexpr int kDeepest = 100;
constexpr int kMostValues = 100000;

struct SyntaxError {
  ConfigPlace place;
  std::string message, hint;
};

std::string syntax_hint(const std::string& parser_message) {
  static const std::map<std::string, std::string> hints = {
      {"illegal map value", "check the indentation, and quote text that holds ': '"},
      {"end of map not found", "check the indentation of this line"},
      {"end of sequence not found", "check the indentation of this line"},
      {"end of map flow not found", "a ',' or '}' is missing, or text needs quotes"},
      {"end of sequence flow not found", "a ',' or ']' is missing, or text needs quotes"},
      {"unknown token", "quote text that begins with this character"},
      {"the referenced anchor is not defined", "quote text that begins with '*'"},
      {"alias not found after *", "quote text that begins with '*'"},
      {"anchor not found after &", "quote text that begins with '&'"},
  };
  const auto found = hints.find(parser_message);
  return found != hints.end() ? found->second : "";
}

bool indented_with_tab(std::string_view line) {
  const size_t text = line.find_first_not_of(" \t");
  return text != std::string_view::npos && line.substr(0, text).find('\t') != std::string_view::npos;
}

// Turns yaml-cpp's nodes into ours.
class TreeBuilder {
 public:
  TreeBuilder(const YamlText& yaml, ConfigErrors& errors) : yaml_(yaml), errors_(errors) {}

  ConfigPlace place(const YAML::Mark& mark) const {
    ConfigPlace place{yaml_.source, std::max(0, mark.line), std::max(0, mark.column), 1};
    if (place.line == 0) place.column += yaml_.column;
    return place;
  }

  SyntaxError tab_error(ConfigPlace place) const {
    const auto line = errors_.line(place.source, place.line);
    place.column = static_cast<int>(line.find('\t'));
    return {place, "tab character in the indentation", "indent with spaces"};
  }

  SyntaxError parser_error(const YAML::Exception& error) const {
    const ConfigPlace where = last_text(place(error.mark));
    if (indented_with_tab(errors_.line(where.source, where.line))) return tab_error(where);
    return {where, "not valid YAML: " + error.msg, syntax_hint(error.msg)};
  }

  ConfigValuePtr build(const YAML::Node& node, int depth = 0) {
    if (depth > kDeepest)
      throw SyntaxError{place(node.Mark()), "nested deeper than 100 levels",
                        "is an alias (*name) inside its own anchor (&name)?"};
    if (++values_ > kMostValues)
      throw SyntaxError{place(node.Mark()), "more than 100000 values", "do aliases (*name) multiply?"};
    auto value = std::make_shared<ConfigValue>();
    value->place = place(node.Mark());
    value->block = node.Style() == YAML::EmitterStyle::Block;
    if (node.IsScalar()) fill_scalar(node, *value);
    if (node.IsMap()) fill_mapping(node, *value, depth);
    if (node.IsSequence()) {
      value->kind = ConfigKind::kSequence;
      for (const auto& item : node) value->items.push_back(build(item, depth + 1));
    }
    return value;
  }

 private:
  std::string_view rest_of_line(const ConfigPlace& place) const {
    const auto line = errors_.line(place.source, place.line);
    return line.substr(std::min(line.size(), static_cast<size_t>(place.column)));
  }

  // A bracket that stays open is noticed behind the last line, where there is nothing to show: the start of
  // the nearest line above with text.
  ConfigPlace last_text(ConfigPlace place) const {
    while (place.line > 0 && errors_.line(place.source, place.line).empty()) {
      --place.line;
      place.column = place.line == 0 ? yaml_.column : 0;
    }
    return place;
  }

  // Length of the quoted text at `place`, with its quotes, on its line; 0 when it ends on a later line.
  int quoted_length(const ConfigPlace& place) const {
    const auto rest = rest_of_line(place);
    const char quote = rest.front();
    for (size_t i = 1; i < rest.size(); ++i) {
      if (quote == '"' && rest[i] == '\\') {
        ++i;
      } else if (rest[i] == quote) {
        const bool doubled = quote == '\'' && i + 1 < rest.size() && rest[i + 1] == quote;
        if (!doubled) return static_cast<int>(i) + 1;
        ++i;
      }
    }
    return 0;
  }

  void fill_scalar(const YAML::Node& node, ConfigValue& value) {
    value.kind = ConfigKind::kScalar;
    value.text = with_braces(node.Scalar());
    const auto rest = rest_of_line(value.place);
    if (rest.empty()) return;
    if (rest.front() == '"' || rest.front() == '\'') {
      const int length = quoted_length(value.place);
      if (length == 0 && !closed_later(value.place)) {
        throw SyntaxError{value.place, "this quote is not closed", std::string("add a ") + rest.front()};
      }
      value.place.length = std::max(1, length);
    } else if (rest.starts_with(value.text)) {
      value.place.length = std::max<int>(1, static_cast<int>(value.text.size()));
    } else if (node.Tag() == "?") {
      expect_no_tab_below(value);
    }
  }

  // yaml-cpp takes the end of the text for a closing quote. A quote that stays open swallows all that
  // follows, so it is closed when the text has another quote of its kind behind it.
  bool closed_later(const ConfigPlace& place) const {
    const char quote = rest_of_line(place).front();
    size_t start = 0;
    for (int line = 0; line <= place.line && start != std::string::npos; ++line) {
      start = yaml_.text.find('\n', start);
      if (start != std::string::npos) ++start;
    }
    return start != std::string::npos && yaml_.text.find(quote, start) != std::string::npos;
  }

  // yaml-cpp lets an unquoted text go on in a line indented with a tab: surely a mistake in the indentation.
  void expect_no_tab_below(const ConfigValue& value) const {
    ConfigPlace next = value.place;
    size_t covered = rest_of_line(next).size();
    while (covered < value.text.size()) {
      ++next.line;
      const auto line = errors_.line(next.source, next.line);
      if (indented_with_tab(line)) throw tab_error(next);
      covered += line.size() + 1;
    }
  }

  static std::string first_place(const ConfigPlace& first, const ConfigPlace& second) {
    if (first.line == second.line) return "column " + std::to_string(first.column + 1);
    return "line " + std::to_string(first.line + 1);
  }

  void fill_mapping(const YAML::Node& node, ConfigValue& value, int depth) {
    value.kind = ConfigKind::kMapping;
    for (const auto& pair : node) {
      const auto child = build(pair.second, depth + 1);
      ConfigPlace key_place = place(pair.first.Mark());
      // yaml-cpp puts a value that is not there at whatever comes next.
      if (child->kind == ConfigKind::kNull && child->place.line != key_place.line) child->place = key_place;
      if (!pair.first.IsScalar()) {
        errors_.add_syntax(key_place, "a key must be a name", "quote it if it is one", false);
        continue;
      }
      const std::string key = with_braces(pair.first.Scalar());
      if (rest_of_line(key_place).starts_with(key))
        key_place.length = std::max<int>(1, static_cast<int>(key.size()));
      if (key == "<<" && pair.first.Tag() == "?") {
        errors_.add_syntax(key_place, "merge key '<<' is not supported",
                           "write the keys out, or use 'defaults: base.yaml'", false);
      } else if (const ConfigEntry* first = find_entry(value, key)) {
        errors_.add_syntax(
            key_place,
            "duplicate key '" + key + "' (first at " + first_place(first->key_place, key_place) + ")",
            "remove one of them", false);
      } else {
        value.entries.push_back({key, key_place, child});
      }
    }
  }

  const YamlText& yaml_;
  ConfigErrors& errors_;
  int values_ = 0;
};

void expect_no_control_characters(const YamlText& yaml) {
  ConfigPlace place{yaml.source, 0, yaml.column, 1};
  for (const char byte : yaml.text) {
    const auto code = static_cast<unsigned char>(byte);
    if ((code < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || code == 127) {
      throw SyntaxError{place, "control character " + std::to_string(code), "save the file as UTF-8 text"};
    }
    ++place.column;
    if (byte == '\n') place = {yaml.source, place.line + 1, 0, 1};
  }
}

}  // namespace

ConfigValuePtr parse_yaml(const YamlText& yaml, ConfigErrors& errors) {
  TreeBuilder builder(yaml, errors);
  SyntaxError problem;
  try {
    expect_no_control_characters(yaml);
    // Without a last line break yaml-cpp reports an open quote at the end of the text, with it never.
    const auto documents = YAML::LoadAll(without_braces(yaml.text) + (yaml.text.ends_with('\n') ? "" : "\n"));
    if (documents.size() > 1) {
      throw SyntaxError{builder.place(documents[1].Mark()), "a second YAML document",
                        "remove the line '---' above it"};
    }
    if (!documents.empty()) return builder.build(documents[0]);
  } catch (const YAML::Exception& error) {
    problem = builder.parser_error(error);
  } catch (const SyntaxError& error) {
    problem = error;
  }
  if (!problem.message.empty()) {
    errors.add_syntax(problem.place, problem.message, problem.hint, yaml.whole_file);
  }
  auto nothing = std::make_shared<ConfigValue>();
  nothing->place.source = yaml.source;
  nothing->place.column = yaml.column;
  return nothing;
}

}  // namespace adaptune
