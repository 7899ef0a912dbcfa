#include "core/version.h"

namespace adaptune {

const char* const kVersion = ADAPTUNE_VERSION;

std::string version_and_commit() {
  const std::string commit = kCommit;
  return kVersion + (commit.empty() ? "" : " (" + commit + ")");
}

}  // namespace adaptune
