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

class InputError : public Error {
 public:
  explicit InputError(const std::string& message) : Error(ExitCode::kInput, message) {}
};

class IoError : public Error {
 public:
  explicit IoError(const std::string& message) : Error(ExitCode::kIo, message) {}
};

}  // namespace adaptune
