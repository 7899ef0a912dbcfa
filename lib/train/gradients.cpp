#include "train/gradients.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "train/stop_watch.h"

namespace adaptune {
namespace {

using torch::Tensor;

std::vector<Tensor> defined_gradients(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> gradients;
  for (const auto& parameter : parameters) {
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  }
  return gradients;
}

void scale(const std::vector<Tensor>& gradients, double factor) {
  if (!gradients.empty()) at::_foreach_mul_(gradients, factor);
}

}  // namespace

StepLoss compute_gradients(TaskModel& model, const StepBatches& batches,
                           const std::vector<Tensor>& parameters, bool exact_times) {
  StepLoss step;
  for (const Batch& batch : batches.batches) {
    StopWatch watch;
    const auto lap = [&] {
      if (exact_times && batch.labels.is_cuda()) torch::cuda::synchronize();
      return watch.lap();
    };
    const Features features = model.features(batch);
    const double backbone = lap();
    const LossSum loss = model.head().loss(model.logits(features, batch), batch);
    step.backbone += backbone;
    step.forward += backbone + lap();
    loss.sum.backward();
    step.sum += loss.sum.item<double>();
    step.backward += lap();
    step.count += loss.count;
    step.examples += batch.size();
  }
  // Only now is the number known that the sums are divided by. A step of nothing but unlabelled tokens has
  // none.
  scale(defined_gradients(parameters), 1 / std::max(step.count, 1.0));
  const Tensor regularization = model.attachment().regularization_loss();
  if (regularization.defined()) regularization.backward();
  return step;
}

double clip_gradients(const std::vector<Tensor>& parameters, std::optional<double> max_norm) {
  const torch::NoGradGuard no_grad;
  const auto gradients = defined_gradients(parameters);
  if (gradients.empty()) return 0;
  const double norm = at::stack(at::_foreach_norm(gradients)).norm().item<double>();
  const double factor = max_norm ? *max_norm / (norm + 1e-6) : 1;
  if (factor < 1 && std::isfinite(norm)) scale(gradients, factor);
  return norm;
}

}  // namespace adaptune
