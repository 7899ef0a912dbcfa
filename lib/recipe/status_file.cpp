#include "recipe/status_file.h"

#include <stdexcept>

#include "core/error.h"

namespace adaptune {

StatusFile::StatusFile(const Run& run, const std::string& stage, const std::vector<std::string>& tasks)
    : path_(run.folder / "status.json") {
  status_.state = "running";
  status_.stage = stage;
  status_.resume = run.flags.command_line;
  for (const auto& name : tasks) status_.tasks.push_back({name, {"waiting", {}, {}, {}}});
  write();
}

StatusFile::~StatusFile() {
  if (status_.state == "running") fail(static_cast<int>(ExitCode::kInternal));
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
  throw std::logic_error("status: no task " + name);
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
