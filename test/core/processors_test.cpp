#include "core/processors.h"

#include <fstream>

#include "catch.h"
#include "io/temporary_folder.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

}  // namespace

TEST_CASE("the quota of processors is the least of a control group's and of those above it") {
  const TemporaryFolder root;
  const fs::path groups = root.path() / "sys/fs/cgroup";
  CHECK_FALSE(processor_quota(root.path()));
  write(root.path() / "proc/self/cgroup", "0::/jobs/one\n");
  CHECK_FALSE(processor_quota(root.path()));
  write(groups / "cpu.max", "max 100000\n");
  write(groups / "jobs/one/cpu.max", "250000 100000\n");
  CHECK(processor_quota(root.path()) == 3);
  write(groups / "jobs/cpu.max", "200000 100000\n");
  CHECK(processor_quota(root.path()) == 2);
  write(groups / "jobs/cpu.max", "max 100000\n");
  write(groups / "jobs/one/cpu.max", "max 100000\n");
  CHECK_FALSE(processor_quota(root.path()));
}

TEST_CASE("a container that sees its own group as the root has that quota") {
  const TemporaryFolder root;
  write(root.path() / "proc/self/cgroup", "0::/docker/1a2b\n");
  write(root.path() / "sys/fs/cgroup/cpu.max", "50000 100000\n");
  CHECK(processor_quota(root.path()) == 1);
}

TEST_CASE("control groups of the first version have a quota and a period") {
  const TemporaryFolder root;
  const fs::path group = root.path() / "sys/fs/cgroup/cpu,cpuacct/batch";
  write(root.path() / "proc/self/cgroup", "7:memory:/batch\n4:cpu,cpuacct:/batch\n0::/\n");
  write(group / "cpu.cfs_period_us", "100000\n");
  write(group / "cpu.cfs_quota_us", "-1\n");
  CHECK_FALSE(processor_quota(root.path()));
  write(group / "cpu.cfs_quota_us", "400000\n");
  CHECK(processor_quota(root.path()) == 4);
  write(root.path() / "proc/self/cgroup", "4:cpuacct,cpu:/batch\n");
  CHECK_FALSE(processor_quota(root.path()));
  fs::create_directory_symlink("cpu,cpuacct", root.path() / "sys/fs/cgroup/cpu");
  CHECK(processor_quota(root.path()) == 4);
}

TEST_CASE("at least one processor is available") { CHECK(available_processors() >= 1); }

}  // namespace adaptune
