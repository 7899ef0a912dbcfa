#include "recipe/status_file.h"

#include <exception>

#include "core/error.h"
#include "recipe/output_lock.h"

namespace adaptune {
namespace {

// Who trains a task keeps its folder locked. Where the file system knows no locks, all are taken for alive.
bool is_abandoned(const std::filesystem::path& folder) try {
  return FolderLock(folder, [] { return false; }).held();
} catch (const IoError&) {
  return true;  // the folder is gone
}

}  // namespace

TaskStatus done_status(const TrainResult& result) {
  return {"done", result.metric, result.best, result.step};
}

StatusFile::StatusFile(const Run& run, const std::string& stage, std::filesystem::path folder,
                       std::set<std::string> own, std::vector<std::pair<std::string, TaskStatus>> known)
    : path_(run.folder / "status.json"),
      folder_(std::move(folder)),
      own_(std::move(own)),
      status_{"running", stage, std::move(known), {}, run.flags.resume_command} {
  for (const auto& task : run.config.tasks) configured_.insert(task.name);
  write();
}

void StatusFile::fail(int exit_code) noexcept {
  try {
    finish("failed", exit_code);
  } catch (const std::exception&) {
  }
}

void StatusFile::write() {
  const auto lock = lock_shared_files(path_.parent_path());
  take_others();
  write_run_status(path_, status_);
}

void StatusFile::take_others() {
  const auto written = read_run_status(path_);
  if (!written || written->stage != status_.stage) return;
  for (const auto& [name, status] : written->tasks) {
    if (configured_.count(name) == 0 || own_.count(name) > 0) continue;
    task(name) = status;
    if (status.state == "running" && is_abandoned(folder_ / name)) task(name).state = "stopped";
  }
}

TaskStatus& StatusFile::task(const std::string& name) {
  for (auto& [known, status] : status_.tasks) {
    if (known == name) return status;
  }
  return status_.tasks.emplace_back(name, TaskStatus{}).second;
}

void StatusFile::running(const std::string& name) {
  task(name).state = "running";
  write();
}

void StatusFile::done(const std::string& name, const TrainResult& result) {
  task(name) = done_status(result);
  write();
}

void StatusFile::finish(const std::string& state, int exit_code) {
  status_.state = state;
  status_.exit_code = exit_code;
  for (auto& [name, task] : status_.tasks) {
    if (task.state == "running" && own_.count(name) > 0) task.state = state;
  }
  write();
}

}  // namespace adaptune
