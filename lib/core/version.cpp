#include "core/version.h"

namespace adaptune {

const char* const kVersion = ADAPTUNE_VERSION;

}  // namespace adaptune
