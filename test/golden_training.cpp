#include "golden_training.h"

#include <torch/torch.h>

namespace adaptune {

void train_and_compare(const GoldenTrajectory& settings, const std::vector<torch::Tensor>& parameters,
                       const std::function<torch::Tensor()>& loss, const std::string& prefix,
                       GoldenTensors& golden) {
  torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(settings.lr)
                                                .betas({settings.beta1, settings.beta2})
                                                .eps(settings.eps)
                                                .weight_decay(settings.weight_decay));
  std::vector<torch::Tensor> losses;
  for (int64_t step = 0; step < settings.steps; ++step) {
    optimizer.zero_grad();
    const torch::Tensor value = loss();
    losses.push_back(value.detach());
    value.backward();
    optimizer.step();
  }
  golden.compare_within(prefix + "trajectory.losses", at::stack(losses), settings.losses_tolerance);
  golden.compare_within(prefix + "trajectory.final_loss", loss(), settings.losses_tolerance);
}

}  // namespace adaptune
