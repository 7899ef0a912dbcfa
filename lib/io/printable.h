#pragma once

#include <string>
#include <string_view>

namespace adaptune {

// Text from an untrusted file for a message: in single quotes, control characters as \xNN, cut after
// 200 bytes.
std::string quoted_name(std::string_view text);

}  // namespace adaptune
