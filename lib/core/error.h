#pragma once
// Errors a user can meet, each carrying the exit status of the process.

#include <stdexcept>
#include <string>

namespace adaptune {

// Exit statuses of the program. Scripts and schedulers rely on the numbers.
enum class ExitCode : int {
  kOk = 0,
  kInternal = 1,     // a bug of ours
  kUsage = 2,        // bad command line or configuration
  kInput = 3,        // bad model folder, tokenizer, data, or adapter/backbone mismatch
  kIo = 4,           // disk full, permission, read-only
  kDiverged = 5,     // loss not finite after several skipped steps
  kOutOfMemory = 6,  // host or device
  kDistributed = 7,  // rendezvous timeout, peer lost
  kStopped = 75,     // stopped by a signal with a checkpoint; run again to continue
};

// The message is complete: "where: what is wrong; what would be right".
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(ExitCode::kUsage, message) {}
};

// A value of the configuration that turns out to be wrong only once the backbone or the data are known. `key`
// is its path in the task, "adapter.layers"; who knows where it was written puts the place in front.
class ValueError : public UsageError {
 public:
  ValueError(const std::string& key, const std::string& message)
      : UsageError(key + ": " + message), key_(key) {}
  const std::string& key() const { return key_; }

 private:
  std::string key_;
};

class InputError : public Error {
 public:
  explicit InputError(const std::string& message) : Error(ExitCode::kInput, message) {}
};

class IoError : public Error {
 public:
  explicit IoError(const std::string& message) : Error(ExitCode::kIo, message) {}
};

// The message as it is printed: behind "error: ", unless it says "place: error: " itself, as those of the
// configuration do.
inline std::string error_text(const std::string& message) {
  const bool placed = message.substr(0, message.find('\n')).find(": error: ") != std::string::npos;
  return (placed ? "" : "error: ") + message;
}

}  // namespace adaptune
