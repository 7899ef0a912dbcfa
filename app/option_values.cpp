#include "option_values.h"

#include "core/config_node.h"
#include "core/config_scalar.h"
#include "core/joined.h"

namespace adaptune {

CLI::Validator integer_from_on(int64_t least) {
  const auto refuse = [check = at_least(least), least](const std::string& text) {
    const auto wrong = check(integer_from(text).value_or(least - 1));
    return wrong ? *wrong + ", got '" + text + "'" : "";
  };
  return {refuse, ""};
}

CLI::Validator one_name_of(const std::vector<std::string>& known) {
  const auto refuse = [check = one_of(known)](const std::string& text) {
    const auto wrong = check(text);
    return wrong ? "'" + text + "' is not known; " + *wrong : "";
  };
  return {refuse, "{" + joined(known, ",") + "}"};
}

}  // namespace adaptune
