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
  const FolderLock lock(scratch.path, [&] { ++waited; });
  CHECK(lock.held());
  CHECK(waited == 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("locks leave nothing behind, and need a folder") {
  const ScratchFolder scratch("lock");
  { const FolderLock lock(scratch.path); }
  CHECK(std::filesystem::is_empty(scratch.path));
  CHECK_THROWS_AS(FolderLock(scratch.path / "missing"), IoError);
}

}  // namespace adaptune
