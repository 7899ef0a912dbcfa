#include "report/run_log.h"

#include <stdexcept>

#include "core/atomic_file.h"
#include "core/error.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

bool has_step(const ordered_json& record) {
  return record.is_object() && record.contains("step") && record["step"].is_number();
}

ordered_json record_of(const std::string& line, const std::filesystem::path& path, int64_t number) {
  ordered_json record = ordered_json::parse(line, nullptr, false);
  if (has_step(record)) return record;
  throw InputError(std::filesystem::absolute(path).string() + ":" + std::to_string(number) +
                   ": not a JSON object with a number 'step': " + line.substr(0, 60) +
                   "; remove that line, or the file to begin a new one");
}

// The lines up to that step that are to be kept, without an unfinished one at the end.
std::string lines_until(const std::string& text, int64_t step, const std::filesystem::path& path,
                        const RunLog::Filter& keeps) {
  std::string kept;
  int64_t number = 0;
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    const auto record = record_of(line, path, ++number);
    if (record["step"].get<int64_t>() <= step && keeps(record)) kept += line + "\n";
  }
  return kept;
}

}  // namespace

RunLog::RunLog(std::filesystem::path path, int64_t resumed_step, const Filter& keeps)
    : path_(std::move(path)) {
  if (!std::filesystem::exists(path_)) {
    if (path_.has_parent_path()) create_folders(path_.parent_path());
    return;
  }
  // A fresh run never reads what an abandoned one left.
  const std::string text = resumed_step > 0 ? read_file(path_) : "";
  const std::string kept = lines_until(text, resumed_step, path_, keeps);
  if (kept != text || resumed_step == 0) write_file_atomically(path_, kept);
}

void RunLog::append(const ordered_json& record) {
  if (!has_step(record)) throw std::logic_error("run log: record without a number 'step': " + record.dump());
  append_line(path_, record.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace adaptune
