#pragma once
// Where a training run stands, as one line of text.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/progress_bar.h"

namespace adaptune {

// Fields that are empty, and totals that are 0, are left out of the lines.
struct TrainProgress {
  std::string task;
  int64_t step = 0, total_steps = 0;  // optimizer steps
  double epoch = 0;                   // passes over the data so far, with the part of the last
  int64_t total_epochs = 0;
  std::optional<double> loss, learning_rate, grad_norm;
  std::optional<double> examples_per_second, tokens_per_second;
  std::optional<double> memory_gib, total_memory_gib;
  std::optional<double> remaining_seconds;
};

struct EvalProgress {
  std::string task;
  int64_t step = 0;
  std::vector<std::pair<std::string, std::optional<double>>> scores;  // loss first; empty: undefined, "nan"
  bool best = false;                                                  // the best of the run so far
  int64_t stalled = 0, patience = 0;  // evaluations without a better score; 0: no early stopping
};

// For people: one line of at most `columns` columns. Where it is narrow the bar shrinks first, then
// memory, rate, learning rate, bar, steps, epoch and the remaining time are left out in this order.
std::string progress_text(const TrainProgress& progress, int columns, const BarStyle& style);
std::string progress_text(const EvalProgress& progress);

// For programs: "2026-11-23T15:20:11Z train task=sst2 step=5000/21050 epoch=2.38 loss=0.1911 ...".
std::string progress_record(const TrainProgress& progress, std::chrono::system_clock::time_point time);
std::string progress_record(const EvalProgress& progress, std::chrono::system_clock::time_point time);

}  // namespace adaptune
