#pragma once
// How an optimizer changes parameters by their gradients.

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "train/train_options.h"

namespace adaptune {

// Parameters that are updated together, with what belongs to each of them. All lists have one entry a
// parameter.
struct UpdateTensors {
  std::vector<torch::Tensor> parameters, gradients;
  std::vector<torch::Tensor> steps;                 // scalar float32: updates so far, this one included
  std::vector<std::vector<torch::Tensor>> moments;  // by UpdateRule::moments(); zeros before the first update
};

class UpdateRule {
 public:
  virtual ~UpdateRule() = default;
  // Names of the running means that the rule keeps for every parameter.
  virtual std::vector<std::string> moments() const = 0;
  virtual void apply(UpdateTensors& tensors, double learning_rate, double weight_decay) const = 0;
};

// The rule of `optim`, by the names of the state in torch.optim:
//   adamw_torch  torch.optim.AdamW (Loshchilov & Hutter 2019): p -= lr wd p, then Adam with bias correction
//   adamw_bert   the optimizer of BERT and of Houlsby et al. 2019: no bias correction,
//                p -= lr (m / (sqrt(v) + eps) + wd p)
//   sgd          torch.optim.SGD: L2 joins the gradient, momentum without dampening
// UsageError for an unknown one.
std::unique_ptr<UpdateRule> make_update_rule(const TrainOptions& options);

}  // namespace adaptune
