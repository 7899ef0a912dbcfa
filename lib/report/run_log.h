#pragma once
// metrics.jsonl of a task: one JSON object a line, one line a logged step.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

namespace adaptune {

class RunLog {
 public:
  // Continues the file after step `resumed_step` (0: a fresh run): lines of later steps, and a last line
  // that a crash left unfinished, are dropped, so that no step stands there twice. Creates the folder.
  // `keeps` may drop more of them.
  // InputError with file and line number for any other line that is not an object with a number "step";
  // IoError as core/atomic_file.h.
  using Filter = std::function<bool(const nlohmann::ordered_json&)>;
  RunLog(
      std::filesystem::path path, int64_t resumed_step,
      const Filter& keeps = [](const nlohmann::ordered_json&) { return true; });

  // Writes the line to the file before it returns. `record` is an object with a number "step"
  // (std::logic_error otherwise), its keys in the given order; numbers that are not finite become null.
  void append(const nlohmann::ordered_json& record);

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace adaptune
