#pragma once

#include <optional>

namespace adaptune {

// Memory of the host in GiB, from /proc; empty where there is none.
std::optional<double> resident_gib();  // of this process, now
std::optional<double> machine_gib();   // of the machine

}  // namespace adaptune
