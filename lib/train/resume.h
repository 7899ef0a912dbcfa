#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "train/checkpoint.h"
#include "train/train_state.h"

namespace adaptune {

// Where a run may go on from.
struct ResumeRequest {
  bool newest = true;                         // from the newest usable checkpoint
  std::optional<std::filesystem::path> from;  // from this one; later ones of the folder are removed
  std::string identity;                       // what the checkpoint must have been made with
};

struct ResumedRun {
  TrainState state;
  std::filesystem::path checkpoint;
};

// Puts the parts into the state of a checkpoint, and LibTorch's thread count to that of the run before.
// Nothing: there is no checkpoint, or a fresh start is asked for, which removes those that are there. A
// damaged newest checkpoint is told to `message` and the one before it used; InputError when all of them are
// damaged, or for another identity.
std::optional<ResumedRun> resume_run(const CheckpointFolder& folder, const TrainedParts& parts,
                                     const ResumeRequest& request,
                                     const std::function<void(const std::string&)>& message);

}  // namespace adaptune
