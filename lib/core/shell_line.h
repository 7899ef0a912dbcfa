#pragma once

#include <string>
#include <vector>

namespace adaptune {

// A command of this program, without its name in `words`, as the user may type it, on one line: "adaptune
// train 'a b'".
std::string shell_line(const std::vector<std::string>& words);

}  // namespace adaptune
