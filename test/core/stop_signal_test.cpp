#include "core/stop_signal.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"

namespace adaptune {
namespace {

// Exit status of a process that gets the two signals after the handlers are installed.
int status_after(int first, int second) {
  const pid_t child = ::fork();
  if (child == 0) {
    install_stop_handlers();
    ::raise(first);
    ::raise(second);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Installs the handlers for one test and puts back what was there.
class WithStopHandlers {
 public:
  WithStopHandlers() {
    for (const int number : {SIGTERM, SIGINT, SIGUSR1}) ::sigaction(number, nullptr, &before_[number]);
    install_stop_handlers();
    clear_stop_request();
  }
  ~WithStopHandlers() {
    for (const int number : {SIGTERM, SIGINT, SIGUSR1}) ::sigaction(number, &before_[number], nullptr);
    clear_stop_request();
  }

 private:
  struct sigaction before_[NSIG] = {};
};

}  // namespace

TEST_CASE("the first signal asks for a stop and the process goes on") {
  const WithStopHandlers handlers;
  CHECK_FALSE(stop_requested());
  ::raise(SIGTERM);
  CHECK(stop_requested() == "SIGTERM");
  clear_stop_request();
  ::raise(SIGINT);
  CHECK(stop_requested() == "SIGINT");
  clear_stop_request();
  ::raise(SIGUSR1);
  CHECK(stop_requested() == "SIGUSR1");
  clear_stop_request();
  CHECK_FALSE(stop_requested());
}

TEST_CASE("the second signal ends the process with 128 + signal") {
  CHECK(status_after(SIGTERM, SIGTERM) == 128 + SIGTERM);
  CHECK(status_after(SIGINT, SIGINT) == 128 + SIGINT);
  CHECK(status_after(SIGUSR1, SIGTERM) == 128 + SIGTERM);
}

}  // namespace adaptune
