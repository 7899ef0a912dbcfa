#include "head/tagging.h"

namespace adaptune {
namespace {

constexpr int64_t kIgnored = -100;

torch::Tensor kept_labels(const Batch& batch) {
  return batch.tokens.mask.defined() ? batch.labels.masked_fill(~batch.tokens.mask, kIgnored) : batch.labels;
}

}  // namespace

LossSum TaggingHead::loss(const torch::Tensor& logits, const Batch& batch) const {
  const auto labels = kept_labels(batch);
  const auto sum = at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum, kIgnored);
  return {sum, (labels != kIgnored).sum().item<double>()};
}

void TaggingHead::collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const {
  const auto chosen = logits.argmax(-1).cpu().contiguous();  // [N]
  const auto gold = kept_labels(batch).cpu().contiguous();
  predictions.class_count = logits.size(-1);
  for (const auto& sequence : batch.tokens.sequences) {
    auto& tags = predictions.tags.emplace_back();
    auto& gold_tags = predictions.gold_tags.emplace_back();
    for (int64_t row = sequence.begin; row < sequence.begin + sequence.length; ++row) {
      const int64_t label = gold.const_data_ptr<int64_t>()[row];
      if (label == kIgnored) continue;
      tags.push_back(spec().labels[chosen.const_data_ptr<int64_t>()[row]]);
      gold_tags.push_back(spec().labels[label]);
    }
  }
}

}  // namespace adaptune
