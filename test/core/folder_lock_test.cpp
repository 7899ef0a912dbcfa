#include "core/folder_lock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "core/error.h"
#include "report/scratch_folder.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("a folder's lock keeps another process waiting until it dies") {
  const ScratchFolder scratch("lock");
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock lock(scratch.path);
    [[maybe_unused]] const auto written = ::write(ready[1], "x", 1);
    ::usleep(300000);
    ::_exit(0);  // without giving it back
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  int waited = 0;
  const FolderLock lock(scratch.path, [&] { return ++waited > 0; });
  CHECK(lock.held());
  CHECK(waited > 0);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("who asks for a folder may give up, and learn who holds it") {
  const ScratchFolder scratch("lock");
  {
    const FolderLock lock(scratch.path);
    CHECK_FALSE(FolderLock(scratch.path, [] { return false; }).held());
    const auto refuse = []() -> bool { throw IoError("taken"); };
    CHECK_THROWS_AS(FolderLock(scratch.path, refuse), IoError);
    if (std::filesystem::exists("/proc/locks"))
      CHECK_THAT(lock_holder(scratch.path), Catch::Contains("process " + std::to_string(::getpid()) + " ("));
  }
  CHECK(lock_holder(scratch.path) == "another process");
  CHECK(FolderLock(scratch.path, [] { return false; }).held());
}

TEST_CASE("locks leave nothing behind, and need a folder") {
  const ScratchFolder scratch("lock");
  { const FolderLock lock(scratch.path); }
  CHECK(std::filesystem::is_empty(scratch.path));
  CHECK_THROWS_AS(FolderLock(scratch.path / "missing"), IoError);
}

}  // namespace adaptune
