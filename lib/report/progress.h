#pragma once
// Progress of a training run: one redrawn line on a terminal, lines of key=value elsewhere.

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "report/progress_line.h"

namespace adaptune {

struct ProgressOptions {
  bool terminal = false;  // the sink understands "\r" and ANSI's erase to end of line
  int columns = 80;       // of the terminal
  BarStyle style = {};
  int64_t logging_steps = 500;  // without a terminal: every so many steps, and the last
};

// The time may be passed in; by default it is now.
class Progress {
 public:
  using Clock = std::chrono::system_clock;

  // `sink` must outlive the progress.
  Progress(std::ostream& sink, const ProgressOptions& options);
  ~Progress();  // end()
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Call after every step: draws at most 10 times a second, but always the last step.
  void show(const TrainProgress& progress, Clock::time_point now = Clock::now());
  // A line of its own that stays.
  void show(const EvalProgress& progress, Clock::time_point now = Clock::now());
  // A line of its own that stays; without a newline at its end.
  void message(const std::string& line);
  void set_columns(int columns);  // after the window changed
  // Leaves the line in its last state and begins a new one. Nothing happens where no line is open.
  void end();

 private:
  void draw();
  void clear();

  std::ostream& sink_;
  ProgressOptions options_;
  std::optional<TrainProgress> current_;
  std::optional<Clock::time_point> drawn_;  // when the open line was drawn last
};

}  // namespace adaptune
