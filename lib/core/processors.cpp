#include "core/processors.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#ifdef __linux__
#include <sched.h>
#endif

namespace adaptune {
namespace {

namespace fs = std::filesystem;

using Quota = std::optional<int64_t>;

Quota least(const Quota& a, const Quota& b) { return a && b ? std::min(*a, *b) : (a ? a : b); }

// Microseconds of processor time in a period of so many.
Quota processors_of(int64_t time, int64_t period) {
  if (time <= 0 || period <= 0) return std::nullopt;
  return (time + period - 1) / period;
}

// cpu.max is "max 100000" or "250000 100000".
Quota unified_quota(const fs::path& group) {
  std::ifstream file(group / "cpu.max");
  int64_t time = 0, period = 0;
  return file >> time >> period ? processors_of(time, period) : std::nullopt;
}

// cpu.cfs_quota_us is -1 where there is no limit.
Quota legacy_quota(const fs::path& group) {
  std::ifstream times(group / "cpu.cfs_quota_us"), periods(group / "cpu.cfs_period_us");
  int64_t time = 0, period = 0;
  return times >> time && periods >> period ? processors_of(time, period) : std::nullopt;
}

// The least of a group's and of all above it. A container may see its own group as the root, whatever path
// /proc tells.
Quota quota_of(const fs::path& mount, fs::path group, Quota (*read)(const fs::path&)) {
  Quota quota = read(mount);
  for (group = group.relative_path(); !group.empty(); group = group.parent_path())
    quota = least(quota, read(mount / group));
  return quota;
}

bool names_cpu(const std::string& controllers) {
  std::istringstream names(controllers);
  for (std::string name; std::getline(names, name, ',');) {
    if (name == "cpu") return true;
  }
  return false;
}

int64_t allowed_processors() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int64_t>(std::thread::hardware_concurrency());
}

}  // namespace

std::optional<int64_t> processor_quota(const fs::path& root) {
  const fs::path mounts = root / "sys/fs/cgroup";
  std::ifstream groups(root / "proc/self/cgroup");
  Quota quota;
  for (std::string line; std::getline(groups, line);) {  // "0::/user.slice", "4:cpu,cpuacct:/docker/1a2b"
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1),
                      group = line.substr(second + 1);
    if (controllers.empty()) quota = least(quota, quota_of(mounts, group, unified_quota));
    if (!names_cpu(controllers)) continue;
    // Mounted by the names of all its controllers, in any order, with a link by each of them.
    for (const auto& mount : {mounts / controllers, mounts / "cpu"})
      quota = least(quota, quota_of(mount, group, legacy_quota));
  }
  return quota;
}

int64_t available_processors() {
  const int64_t allowed = std::max<int64_t>(1, allowed_processors());
  return std::min(allowed, processor_quota().value_or(allowed));
}

}  // namespace adaptune
