#include <cmath>

#include "core/config_node.h"
#include "core/config_scalar.h"
#include "core/text_distance.h"

namespace adaptune {
namespace {

// 0 and 1 rather than 0.0 and 1.0 in a sentence.
std::string short_number(double value) {
  const std::string text = number_text(value);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

Check<double> number_check(std::function<bool(double)> holds, const std::string& text) {
  return [holds = std::move(holds), text](const double& value) -> std::optional<std::string> {
    if (holds(value)) return std::nullopt;
    return text;
  };
}

}  // namespace

Check<double> positive() {
  return number_check([](double value) { return value > 0 && std::isfinite(value); }, "must be a number > 0");
}

Check<double> non_negative() {
  return number_check([](double value) { return value >= 0 && std::isfinite(value); },
                      "must be a number ≥ 0");
}

Check<double> within(double low, double high) {
  return number_check([=](double value) { return low <= value && value <= high; },
                      "must be a number from " + short_number(low) + " to " + short_number(high));
}

Check<double> share_below_one() {
  return number_check([](double value) { return value >= 0 && value < 1; }, "must be a number ≥ 0 and < 1");
}

Check<int64_t> at_least(int64_t low) {
  return [low](const int64_t& value) -> std::optional<std::string> {
    if (value >= low) return std::nullopt;
    return "must be an integer ≥ " + std::to_string(low);
  };
}

Check<std::string> one_of(std::vector<std::string> known) {
  return [known = std::move(known)](const std::string& value) -> std::optional<std::string> {
    std::string text = "known:";
    for (const auto& name : known) {
      if (name == value) return std::nullopt;
      text += " " + name;
    }
    const auto nearest = nearest_name(value, known);
    return nearest ? text + " ; did you mean '" + *nearest + "'?" : text;
  };
}

Check<std::string> not_empty() {
  return [](const std::string& value) -> std::optional<std::string> {
    if (!value.empty()) return std::nullopt;
    return "must not be empty";
  };
}

}  // namespace adaptune
