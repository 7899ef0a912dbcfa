#pragma once
// A polite stop: SIGTERM, SIGINT and SIGUSR1 ask for it once; a second signal ends the process at once
// with 128 + signal.

#include <optional>
#include <string>

namespace adaptune {

void install_stop_handlers();
// Name of the signal that asked for a stop ("SIGTERM"), or nothing.
std::optional<std::string> stop_requested();
void clear_stop_request();  // for tests

}  // namespace adaptune
