#include "core/joined.h"

namespace adaptune {

std::string joined(const std::vector<std::string>& texts, const std::string& between) {
  std::string all;
  for (size_t i = 0; i < texts.size(); ++i) all += (i > 0 ? between : "") + texts[i];
  return all;
}

}  // namespace adaptune
