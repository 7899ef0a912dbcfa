#include "head/regression.h"

namespace adaptune {

LossSum RegressionHead::loss(const torch::Tensor& logits, const Batch& batch) const {
  const auto labels = batch.labels.to(torch::kFloat32).flatten();
  return {at::mse_loss(logits.flatten(), labels, at::Reduction::Sum), static_cast<double>(logits.size(0))};
}

void RegressionHead::collect(const torch::Tensor& logits, const Batch& batch,
                             Predictions& predictions) const {
  const auto values = logits.flatten().to(torch::kFloat64).cpu();
  const auto gold = batch.labels.flatten().to(torch::kFloat64).cpu();
  for (int64_t i = 0; i < values.size(0); ++i) {
    predictions.values.push_back(values[i].item<double>());
    predictions.gold_values.push_back(gold[i].item<double>());
  }
}

}  // namespace adaptune
