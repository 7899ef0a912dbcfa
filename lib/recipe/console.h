#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/log_file.h"
#include "report/progress.h"
#include "report/terminal.h"

namespace adaptune {

struct ConsoleOptions {
  bool quiet = false;  // errors and results only
  bool verbose = false;
  bool json = false;  // results as JSON
  ColourChoice colour = ColourChoice::kAuto;
};

// Where a command speaks: results go to standard output, everything else to standard error and, while a
// run folder is open, to its log.txt.
class Console {
 public:
  explicit Console(const ConsoleOptions& options);
  ~Console();

  void say(const std::string& text);     // one or more lines
  void detail(const std::string& text);  // with --verbose only
  void warn(const std::string& text);    // "warning: ..."
  void result(const std::string& text);  // standard output, as it is
  // What a command did that has no other result: `text` is said, and with --json `facts` are the result.
  void done(const std::string& text, const nlohmann::ordered_json& facts);
  void log(const std::string& text);  // log.txt alone
  bool json() const { return options_.json; }

  // Appends to `file` from now on, with times. IoError when it cannot be written.
  void open_log(const std::filesystem::path& file);
  // The progress of one training run; messages that come meanwhile go through it.
  void begin_progress(int64_t logging_steps);
  void show(const TrainProgress& progress);
  void show(const EvalProgress& progress);
  void end_progress();

 private:
  ConsoleOptions options_;
  std::unique_ptr<LogFile> log_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace adaptune
