#pragma once
// Scalars as text and back: what a configuration accepts for each type and how it writes it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace adaptune {

std::optional<int64_t> integer_from(const std::string& text);  // digits, with a sign or without
std::optional<double> number_from(const std::string& text);    // 3, 0.5, 5e-5, .inf, -.inf
std::optional<bool> truth_from(const std::string& text);       // true, false

// What the user probably meant by a text that is no integer, number or truth value: "write 1000"; else "".
std::string integer_hint(const std::string& text);
std::string number_hint(const std::string& text);
std::string truth_hint(const std::string& text);

// The shortest text that reads back as the same number, and looks like one: 1.0, 0.5, 5e-5, .inf.
std::string number_text(double value);
// The text as a YAML scalar, quoted only where YAML needs it; `in_list` inside [...] or {...}.
std::string scalar_text(const std::string& text, bool in_list);
// A key of a mapping as YAML. Keys are never interpolated.
std::string key_text(const std::string& key);
// "[a, b]" of texts that are YAML scalars already.
std::string list_text(const std::vector<std::string>& items);

}  // namespace adaptune
