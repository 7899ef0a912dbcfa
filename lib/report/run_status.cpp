#include "report/run_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/atomic_file.h"
#include "core/error.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

const char* const kStates[] = {"waiting", "running", "done", "stopped", "failed"};

bool is_state(const std::string& text) {
  return std::find(std::begin(kStates), std::end(kStates), text) != std::end(kStates);
}

void check_state(const std::string& state) {
  if (!is_state(state)) throw std::logic_error("run status: state '" + state + "' is not known");
}

template <typename T>
void put(ordered_json& object, const std::string& key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}

template <typename T>
std::optional<T> get(const ordered_json& object, const std::string& key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return found->template get<T>();
}

std::string state_of(const ordered_json& object) {
  const std::string state = object.at("state");
  if (!is_state(state)) throw InputError("state '" + state + "' is not known");
  return state;
}

TaskStatus read_task(const ordered_json& object) {
  return {state_of(object), get<std::string>(object, "metric"), get<double>(object, "best"),
          get<int64_t>(object, "step")};
}

RunStatus read_status(const ordered_json& object) {
  RunStatus status;
  status.state = state_of(object);
  status.stage = object.at("stage");
  for (const auto& [name, task] : object.at("tasks").items())
    status.tasks.emplace_back(name, read_task(task));
  status.exit_code = get<int64_t>(object, "exit_code");
  status.resume = get<std::string>(object, "resume").value_or("");
  return status;
}

}  // namespace

void write_run_status(const std::filesystem::path& path, const RunStatus& status) {
  check_state(status.state);
  ordered_json tasks = ordered_json::object();
  for (const auto& [name, task] : status.tasks) {
    check_state(task.state);
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

RunStatus read_run_status(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  try {
    return read_status(ordered_json::parse(text));
  } catch (const std::exception& error) {
    throw InputError(std::filesystem::absolute(path).string() + ": not the status of a run: " + error.what() +
                     "; remove the file, the next start writes it anew");
  }
}

}  // namespace adaptune
