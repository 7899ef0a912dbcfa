#include "report/run_status.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/atomic_file.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

const char* const kStates[] = {"waiting", "running", "done", "stopped", "failed"};

bool is_state(const std::string& state) {
  return std::find(std::begin(kStates), std::end(kStates), state) != std::end(kStates);
}

std::optional<std::string> unknown_state(const RunStatus& status) {
  if (!is_state(status.state)) return status.state;
  for (const auto& [name, task] : status.tasks) {
    if (!is_state(task.state)) return task.state;
  }
  return std::nullopt;
}

template <typename T>
void put(ordered_json& object, const std::string& key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}

template <typename T>
std::optional<T> get(const ordered_json& object, const std::string& key) {
  if (!object.contains(key) || object[key].is_null()) return std::nullopt;
  return object[key].get<T>();
}

RunStatus status_from(const ordered_json& object) {
  RunStatus status{
      object.at("state"), object.at("stage"), {}, get<int64_t>(object, "exit_code"), object.at("resume")};
  for (const auto& [name, task] : object.at("tasks").items()) {
    status.tasks.emplace_back(name, TaskStatus{task.at("state"), get<std::string>(task, "metric"),
                                               get<double>(task, "best"), get<int64_t>(task, "step")});
  }
  return status;
}

}  // namespace

std::optional<RunStatus> read_run_status(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  try {
    const auto status = status_from(ordered_json::parse(file));
    if (unknown_state(status)) return std::nullopt;
    return status;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

void write_run_status(const std::filesystem::path& path, const RunStatus& status) {
  if (const auto state = unknown_state(status))
    throw std::logic_error("run status: state '" + *state + "' is not known");
  ordered_json tasks = ordered_json::object();
  for (const auto& [name, task] : status.tasks) {
    ordered_json& object = tasks[name] = {{"state", task.state}};
    put(object, "metric", task.metric);
    put(object, "best", task.best);
    put(object, "step", task.step);
  }
  const ordered_json object{{"state", status.state},
                            {"stage", status.stage},
                            {"tasks", tasks},
                            {"exit_code", status.exit_code ? ordered_json(*status.exit_code) : nullptr},
                            {"resume", status.resume}};
  write_file_atomically(path, object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace adaptune
