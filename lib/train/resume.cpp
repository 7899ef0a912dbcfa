#include "train/resume.h"

#include <torch/torch.h>

#include "core/error.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using Message = std::function<void(const std::string&)>;

ResumedRun read_run(const fs::path& checkpoint, const TrainedParts& parts, const std::string& identity) {
  check_identity(read_checkpoint_state(checkpoint), identity, fs::absolute(checkpoint).string());
  return {read_checkpoint(checkpoint, parts), checkpoint};
}

// Tells whether a checkpoint can be read at all; one of another training can.
std::optional<std::string> damage(const fs::path& checkpoint, const TrainedParts& parts) {
  try {
    read_checkpoint(checkpoint, parts);
    return std::nullopt;
  } catch (const Error& error) {
    return error.what();
  }
}

std::optional<ResumedRun> newest_run(const CheckpointFolder& folder, const TrainedParts& parts,
                                     const std::string& identity, const Message& message) {
  const auto steps = folder.steps();
  for (const int64_t step : steps) {
    const auto checkpoint = folder.path(step);
    if (const auto problem = damage(checkpoint, parts)) {
      message("checkpoint " + checkpoint.string() + " cannot be used, trying the one before: " + *problem);
      continue;
    }
    return read_run(checkpoint, parts, identity);
  }
  if (steps.empty()) return std::nullopt;
  throw InputError(fs::absolute(folder.path(steps.front())).parent_path().string() +
                   ": none of the checkpoints can be read; --resume never starts anew");
}

// The best checkpoint may have gone: removed by hand, or the run was moved back to an older step.
void forget_lost_best(const CheckpointFolder& folder, TrainState& state, const Message& message) {
  if (state.best.step == 0 || fs::is_directory(folder.path(state.best.step))) return;
  message("the best checkpoint, step " + std::to_string(state.best.step) +
          ", is not there any more: the best is searched from here on");
  state.best.score.reset();
  state.best.step = 0;
}

void use_threads(int threads, const Message& message) {
  if (threads == at::get_num_threads()) return;
  message("computing with " + std::to_string(threads) +
          " threads, as before: another number would change results");
  at::set_num_threads(threads);
}

}  // namespace

std::optional<ResumedRun> resume_run(const CheckpointFolder& folder, const TrainedParts& parts,
                                     const ResumeRequest& request, const Message& message) {
  std::optional<ResumedRun> run;
  if (request.from) {
    run = read_run(*request.from, parts, request.identity);
    folder.remove_after(run->state.step);
  } else if (request.newest) {
    run = newest_run(folder, parts, request.identity, message);
  } else {
    folder.remove_after(-1);
  }
  if (!run) return run;
  forget_lost_best(folder, run->state, message);
  use_threads(run->state.threads, message);
  if (run->state.libtorch != TORCH_VERSION) {
    message("this run was begun with LibTorch " + run->state.libtorch +
            " and goes on with " TORCH_VERSION ": equal in expectation only");
  }
  message("resumed at step " + std::to_string(run->state.step) + " from " + run->checkpoint.string());
  return run;
}

}  // namespace adaptune
