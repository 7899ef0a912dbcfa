#include "report/progress.h"

namespace adaptune {
namespace {

constexpr std::chrono::milliseconds kRedrawEvery(100);

bool is_last(const TrainProgress& progress) {
  return progress.total_steps > 0 && progress.step >= progress.total_steps;
}

}  // namespace

Progress::Progress(std::ostream& sink, const ProgressOptions& options) : sink_(sink), options_(options) {}

Progress::~Progress() { end(); }

void Progress::show(const TrainProgress& progress, Clock::time_point now) {
  if (!options_.terminal) {
    const bool due = options_.logging_steps > 0 && progress.step % options_.logging_steps == 0;
    if (due || is_last(progress)) sink_ << progress_record(progress, now) << '\n' << std::flush;
    return;
  }
  current_ = progress;
  // A clock set back must not silence the line, hence also `now < *drawn_`.
  const bool due = !drawn_ || now < *drawn_ || now - *drawn_ >= kRedrawEvery;
  if (!due && !is_last(progress)) return;
  drawn_ = now;
  draw();
}

void Progress::show(const EvalProgress& progress, Clock::time_point now) {
  message(options_.terminal ? progress_text(progress) : progress_record(progress, now));
}

void Progress::message(const std::string& line) {
  clear();
  sink_ << line << '\n';
  if (current_) draw();
  sink_ << std::flush;
}

void Progress::set_columns(int columns) { options_.columns = columns; }

void Progress::end() {
  if (!current_) return;
  draw();
  sink_ << '\n' << std::flush;
  current_.reset();
  drawn_.reset();
}

void Progress::draw() {
  // The last column stays free: a full line would wrap on some terminals.
  sink_ << '\r' << progress_text(*current_, options_.columns - 1, options_.style) << "\x1b[K" << std::flush;
}

void Progress::clear() {
  if (current_) sink_ << "\r\x1b[K";
}

}  // namespace adaptune
