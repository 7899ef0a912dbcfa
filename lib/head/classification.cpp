#include "head/classification.h"

namespace adaptune {

LossSum ClassificationHead::loss(const torch::Tensor& logits, const Batch& batch) const {
  return {at::cross_entropy_loss(logits, batch.labels, {}, at::Reduction::Sum),
          static_cast<double>(logits.size(0))};
}

void ClassificationHead::collect(const torch::Tensor& logits, const Batch& batch,
                                 Predictions& predictions) const {
  const auto classes = logits.argmax(-1).cpu(), gold = batch.labels.cpu();
  const auto right = logits.gather(-1, batch.labels.unsqueeze(-1));
  const auto ranks = (logits > right).sum(-1).cpu();
  const auto losses =
      at::cross_entropy_loss(logits, batch.labels, {}, at::Reduction::None).to(torch::kFloat64).cpu();
  predictions.class_count = logits.size(-1);
  for (int64_t i = 0; i < classes.size(0); ++i) {
    predictions.classes.push_back(classes[i].item<int64_t>());
    predictions.gold_classes.push_back(gold[i].item<int64_t>());
    predictions.gold_ranks.push_back(ranks[i].item<int64_t>());
    predictions.losses.push_back(losses[i].item<double>());
  }
}

}  // namespace adaptune
