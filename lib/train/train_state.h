#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "train/score_tracker.h"

namespace adaptune {

// Where a run stands, beside its tensors: what state.json of a checkpoint holds.
struct TrainState {
  int64_t step = 0;  // optimizer steps done, skipped ones included
  int64_t total_steps = 0;
  double epoch = 0;             // passes over the data done, with the part of the last
  int64_t evaluated_step = 0;   // of the last evaluation
  std::optional<double> score;  // of it
  BestScore best;
  int64_t skipped_steps = 0;            // in a row, up to now
  double loss_sum = 0, loss_count = 0;  // since the last logged step
  double seconds = 0;                   // of all processes that worked on the run
  int64_t seed = 0;
  int64_t sampler_epoch = 0, sampler_position = 0;  // of the next batch
  int threads = 0;                                  // of the processor; results depend on it
  std::string libtorch;                             // version
  std::string identity;                             // TrainingJob::identity
};

std::string state_json(const TrainState& state);
// InputError, begun by `where`, for a text that is no such state.
TrainState read_state_json(const std::string& text, const std::string& where);
// InputError naming the settings in which `identity` differs from the one the run was begun with.
void check_identity(const TrainState& state, const std::string& identity, const std::string& where);

}  // namespace adaptune
