#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace adaptune {

// "5" is {5}, "0-3" is {0, 1, 2, 3}. Nothing when the text is neither, runs backwards or is beyond any
// network.
std::optional<std::vector<int64_t>> layers_from(const std::string& text);

// Ascending layers as ranges: "0-4,7"; "" for none.
std::string layer_ranges(const std::vector<int64_t>& layers);
// What the user probably meant: "write 0-5" for "5-0"; else "".
std::string layers_hint(const std::string& text);

}  // namespace adaptune
