#pragma once
// status.json of a run: what scripts read.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adaptune {

// States of a run and of its tasks; a task may also be "waiting".
struct TaskStatus {
  std::string state;                  // waiting | running | done | stopped | failed
  std::optional<std::string> metric;  // of `best`
  std::optional<double> best;         // in the metric's own unit
  std::optional<int64_t> step;        // optimizer steps done
};

struct RunStatus {
  std::string state;                                      // running | done | stopped | failed
  std::string stage;                                      // the sub-command: train, fuse, ...
  std::vector<std::pair<std::string, TaskStatus>> tasks;  // in the order of the configuration
  std::optional<int64_t> exit_code;                       // empty while running: null in the file
  std::string resume;                                     // the command that continues the run
};

// As written; empty where there is no such file, or a damaged one, or one with states that are none.
std::optional<RunStatus> read_run_status(const std::filesystem::path& path);
// Replaces the file in one step. std::logic_error for an unknown state.
void write_run_status(const std::filesystem::path& path, const RunStatus& status);

}  // namespace adaptune
