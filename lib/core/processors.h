#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace adaptune {

// Processors' worth of time that Linux control groups (a container's limit, a batch system's) leave to this
// process, rounded up; empty: no limit, or none that can be read. `root` is where /proc and /sys lie.
std::optional<int64_t> processor_quota(const std::filesystem::path& root = "/");
// Processors that this process may keep busy at once: those it may run on, within the quota; at least 1.
int64_t available_processors();

}  // namespace adaptune
