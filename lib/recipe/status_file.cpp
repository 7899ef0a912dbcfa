#include "recipe/status_file.h"

#include <exception>

#include "core/error.h"

namespace adaptune {

StatusFile::StatusFile(const Run& run, const std::string& stage) : path_(run.folder / "status.json") {
  status_.state = "running";
  status_.stage = stage;
  status_.resume = run.flags.resume_command;
}

void StatusFile::fail(int exit_code) noexcept {
  try {
    finish("failed", exit_code);
  } catch (const std::exception&) {
  }
}

void StatusFile::write() const { write_run_status(path_, status_); }

TaskStatus& StatusFile::task(const std::string& name) {
  for (auto& [known, status] : status_.tasks) {
    if (known == name) return status;
  }
  return status_.tasks.emplace_back(name, TaskStatus{}).second;
}

void StatusFile::waiting(const std::string& name) {
  task(name).state = "waiting";
  write();
}

void StatusFile::running(const std::string& name) {
  task(name).state = "running";
  write();
}

void StatusFile::done(const std::string& name, const TrainResult& result) {
  task(name) = {"done", result.metric, result.best, result.step};
  write();
}

void StatusFile::finish(const std::string& state, int exit_code) {
  status_.state = state;
  status_.exit_code = exit_code;
  for (auto& [name, task] : status_.tasks) {
    if (task.state == "running") task.state = state;
  }
  write();
}

}  // namespace adaptune
