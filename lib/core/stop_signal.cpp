#include "core/stop_signal.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace adaptune {
namespace {

// The one place where a variable must outlive every function: a signal handler has no other way to speak.
std::atomic<int> first_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_stop_signal(int signal_number) {
  int none = 0;
  if (first_signal.compare_exchange_strong(none, signal_number)) return;
  ::_exit(128 + signal_number);
}

}  // namespace

void install_stop_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal_number : {SIGTERM, SIGINT, SIGUSR1}) ::sigaction(signal_number, &action, nullptr);
}

std::optional<std::string> stop_requested() {
  switch (first_signal.load()) {
    case 0:
      return std::nullopt;
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    default:
      return "SIGUSR1";
  }
}

void clear_stop_request() { first_signal = 0; }

}  // namespace adaptune
