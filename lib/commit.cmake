# Writes the source of kCommit to OUT, anew only when the commit is another. Looking takes no lock of git's.
execute_process(COMMAND git --no-optional-locks -C ${SOURCE} describe --always --dirty
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE ignored)
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT [[#include "core/version.h"

namespace adaptune {

const char* const kCommit = "@commit@";

}  // namespace adaptune
]])
