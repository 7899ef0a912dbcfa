#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "recipe/run.h"
#include "report/results.h"
#include "report/run_status.h"

namespace adaptune {

// status.json of a run, kept true from start to end. Commands of the same stage may train tasks of one run at
// once: each writes its own tasks and leaves the others' as they are in the file, but that what a dead
// process left "running" is "stopped"; state, exit code and command are those of the one that wrote last.
class StatusFile {
 public:
  // `own`: the tasks that this command trains; `known`: how those of the stage stand that the file does not
  // tell, in the order of the table; `folder`: of the stage, which holds those of its tasks.
  StatusFile(const Run& run, const std::string& stage, std::filesystem::path folder,
             std::set<std::string> own, std::vector<std::pair<std::string, TaskStatus>> known);
  void running(const std::string& name);
  void done(const std::string& name, const TrainResult& result);
  void finish(const std::string& state, int exit_code);
  // "failed", as far as the disk lets it be written: the error is the one to tell.
  void fail(int exit_code) noexcept;

 private:
  void write();
  void take_others();                         // what the file says of tasks that are not our own
  TaskStatus& task(const std::string& name);  // added where it is new

  std::filesystem::path path_, folder_;
  std::set<std::string> own_, configured_;
  RunStatus status_;
};

TaskStatus done_status(const TrainResult& result);

}  // namespace adaptune
