#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "recipe/run.h"
#include "report/results.h"
#include "report/run_status.h"

namespace adaptune {

// status.json of a run, kept true from start to end.
class StatusFile {
 public:
  StatusFile(const Run& run, const std::string& stage);
  void waiting(const std::string& name);
  void running(const std::string& name);
  void done(const std::string& name, const TrainResult& result);
  void finish(const std::string& state, int exit_code);
  // "failed", as far as the disk lets it be written: the error is the one to tell.
  void fail(int exit_code) noexcept;

 private:
  void write() const;
  TaskStatus& task(const std::string& name);  // added where it is new

  std::filesystem::path path_;
  RunStatus status_;
};

}  // namespace adaptune
