#include "head/multilabel.h"

namespace adaptune {

LossSum MultilabelHead::loss(const torch::Tensor& logits, const Batch& batch) const {
  const auto sum = at::binary_cross_entropy_with_logits(logits, batch.labels.to(torch::kFloat32), {}, {},
                                                        at::Reduction::Sum);
  return {sum, static_cast<double>(logits.numel())};
}

void MultilabelHead::collect(const torch::Tensor& logits, const Batch& batch,
                             Predictions& predictions) const {
  const auto chosen = (logits > 0).cpu().to(torch::kUInt8).contiguous();  // probability above one half
  const auto gold = batch.labels.cpu().to(torch::kUInt8).contiguous();
  const int64_t classes = logits.size(1);
  predictions.class_count = classes;
  for (int64_t i = 0; i < logits.size(0); ++i) {
    const auto* row = chosen.data_ptr<uint8_t>() + i * classes;
    const auto* gold_row = gold.data_ptr<uint8_t>() + i * classes;
    predictions.label_sets.emplace_back(row, row + classes);
    predictions.gold_label_sets.emplace_back(gold_row, gold_row + classes);
  }
}

}  // namespace adaptune
