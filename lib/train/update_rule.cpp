#include "train/update_rule.h"

#include <torch/torch.h>

#include "core/error.h"

namespace adaptune {
namespace {

struct AdamNumbers {
  double beta1, beta2, epsilon;
};

class AdamW final : public UpdateRule {
 public:
  explicit AdamW(const AdamNumbers& numbers) : numbers_(numbers) {}
  std::vector<std::string> moments() const override { return {"exp_avg", "exp_avg_sq"}; }
  void apply(UpdateTensors& t, double learning_rate, double weight_decay) const override {
    at::_fused_adamw_(t.parameters, t.gradients, t.moments[0], t.moments[1], /*max_exp_avg_sqs=*/{}, t.steps,
                      learning_rate, numbers_.beta1, numbers_.beta2, weight_decay, numbers_.epsilon,
                      /*amsgrad=*/false, /*maximize=*/false);
  }

 private:
  AdamNumbers numbers_;
};

class BertAdamW final : public UpdateRule {
 public:
  explicit BertAdamW(const AdamNumbers& numbers) : numbers_(numbers) {}
  std::vector<std::string> moments() const override { return {"exp_avg", "exp_avg_sq"}; }
  void apply(UpdateTensors& t, double learning_rate, double weight_decay) const override {
    at::_foreach_mul_(t.moments[0], numbers_.beta1);
    at::_foreach_add_(t.moments[0], t.gradients, 1 - numbers_.beta1);
    at::_foreach_mul_(t.moments[1], numbers_.beta2);
    at::_foreach_addcmul_(t.moments[1], t.gradients, t.gradients, 1 - numbers_.beta2);
    auto denominators = at::_foreach_sqrt(t.moments[1]);
    at::_foreach_add_(denominators, numbers_.epsilon);
    auto updates = at::_foreach_div(t.moments[0], denominators);
    if (weight_decay != 0) at::_foreach_add_(updates, t.parameters, weight_decay);
    at::_foreach_add_(t.parameters, updates, -learning_rate);
  }

 private:
  AdamNumbers numbers_;
};

class Sgd final : public UpdateRule {
 public:
  explicit Sgd(double momentum) : momentum_(momentum) {}
  std::vector<std::string> moments() const override { return {"momentum_buffer"}; }
  void apply(UpdateTensors& t, double learning_rate, double weight_decay) const override {
    auto& buffers = t.moments[0];
    at::_foreach_mul_(buffers, momentum_);
    at::_foreach_add_(buffers, t.gradients);
    if (weight_decay != 0) at::_foreach_add_(buffers, t.parameters, weight_decay);
    at::_foreach_add_(t.parameters, buffers, -learning_rate);
  }

 private:
  double momentum_;
};

}  // namespace

std::unique_ptr<UpdateRule> make_update_rule(const TrainOptions& options) {
  const auto numbers = optimizer_numbers(options);
  const AdamNumbers adam{numbers.beta1, numbers.beta2, numbers.epsilon};
  if (options.optim == "adamw_torch") return std::make_unique<AdamW>(adam);
  if (options.optim == "adamw_bert") return std::make_unique<BertAdamW>(adam);
  if (options.optim == "sgd") return std::make_unique<Sgd>(numbers.momentum);
  throw UsageError("optim '" + options.optim + "' is not known");
}

}  // namespace adaptune
