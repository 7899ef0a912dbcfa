#pragma once
// The gradient of one optimizer step, whatever the micro-batches it is computed in.

#include <cstdint>
#include <optional>
#include <vector>

#include "model/task_model.h"
#include "train/step_batches.h"

namespace adaptune {

// What a step saw.
struct StepLoss {
  double sum = 0, count = 0;  // of the head's loss; its mean is what is trained on
  int64_t examples = 0;
  double forward = 0, backward = 0;  // seconds spent on passes, the loss with the forward ones
  double backbone = 0;               // those of `forward` in the backbone, with the adapters in it
};

// Adds to `parameters`' gradients, which are undefined before, the gradient of
//   mean of the head's loss over all rows + the attachment's regularization, once.
// The mean is over the whole step, so 1 x 32 rows and 4 x 8 give the same gradient up to rounding. With
// `exact_times` the seconds wait for what a CUDA device still computes.
StepLoss compute_gradients(TaskModel& model, const StepBatches& batches,
                           const std::vector<torch::Tensor>& parameters, bool exact_times = false);

// Euclidean norm of all defined gradients together, as torch.nn.utils.clip_grad_norm_ computes it; when it
// exceeds `max_norm` they are scaled down to it. Returns the norm from before. One that is not finite leaves
// the gradients as they are.
double clip_gradients(const std::vector<torch::Tensor>& parameters, std::optional<double> max_norm);

}  // namespace adaptune
