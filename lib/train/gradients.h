#pragma once
// The gradient of one optimizer step, whatever the micro-batches it is computed in.

#include <cstdint>
#include <optional>
#include <vector>

#include "data/activation_cache.h"
#include "model/task_model.h"

namespace adaptune {

struct MicroBatches {
  int64_t rows = 32;  // at most, in one forward pass
  int32_t pad_id = 0;
  torch::Device device = torch::kCPU;
  const ActivationCache* trunk = nullptr;  // as in CollateOptions
  bool exact_times = false;                // StepLoss's seconds wait for what the device still computes
};

// What a step saw.
struct StepLoss {
  double sum = 0, count = 0;         // of the head's loss; its mean is what is trained on
  int64_t examples = 0, tokens = 0;  // tokens without padding
  // Seconds spent on making batches, on forward passes with the loss, and on backward passes.
  double data = 0, forward = 0, backward = 0;
};

// Adds to `parameters`' gradients, which are undefined before, the gradient of
//   mean of the head's loss over all `rows` + the attachment's regularization, once.
// The mean is over the whole step, so 1 x 32 rows and 4 x 8 give the same gradient up to rounding.
StepLoss compute_gradients(TaskModel& model, const EncodedSplit& split, const std::vector<int64_t>& rows,
                           const std::vector<torch::Tensor>& parameters, const MicroBatches& batches);

// Euclidean norm of all defined gradients together, as torch.nn.utils.clip_grad_norm_ computes it; when it
// exceeds `max_norm` they are scaled down to it. Returns the norm from before. One that is not finite leaves
// the gradients as they are.
double clip_gradients(const std::vector<torch::Tensor>& parameters, std::optional<double> max_norm);

}  // namespace adaptune
