#include <torch/torch.h>

#include "head/objective.h"

namespace adaptune {
namespace {

class NumberObjective final : public Objective {
 public:
  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override {
    const auto labels = batch.labels.to(torch::kFloat32).flatten();
    return {at::mse_loss(logits.flatten(), labels, at::Reduction::Sum), static_cast<double>(logits.size(0))};
  }

  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const override {
    const auto values = logits.flatten().to(torch::kFloat64).cpu();
    const auto gold = batch.labels.flatten().to(torch::kFloat64).cpu();
    for (int64_t i = 0; i < values.size(0); ++i) {
      predictions.values.push_back(values[i].item<double>());
      predictions.gold_values.push_back(gold[i].item<double>());
    }
  }
};

}  // namespace

std::unique_ptr<Objective> number_objective() { return std::make_unique<NumberObjective>(); }

}  // namespace adaptune
