#pragma once

#include <optional>

namespace adaptune {

// Memory of the host in GiB, from /proc; empty where there is none.
std::optional<double> resident_gib();  // of this process, now
std::optional<double> machine_gib();   // of the machine

// Lets the allocator keep freed memory for the next step. glibc would map and unmap large blocks at every
// operation, at the cost of a fault a page. To be called at the start of a program; does nothing with other
// allocators.
void keep_freed_memory();

}  // namespace adaptune
