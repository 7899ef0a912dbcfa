#include "head/tagging.h"

namespace adaptune {
namespace {

constexpr int64_t kIgnored = -100;

torch::Tensor kept_labels(const Batch& batch) {
  return batch.attention_mask.defined() ? batch.labels.masked_fill(batch.attention_mask == 0, kIgnored)
                                        : batch.labels;
}

}  // namespace

LossSum TaggingHead::loss(const torch::Tensor& logits, const Batch& batch) const {
  const auto labels = kept_labels(batch).flatten();
  const auto sum = at::cross_entropy_loss(logits.flatten(0, 1), labels, {}, at::Reduction::Sum, kIgnored);
  return {sum, (labels != kIgnored).sum().item<double>()};
}

void TaggingHead::collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const {
  const auto chosen = logits.argmax(-1).cpu().contiguous();  // [B, T]
  const auto gold = kept_labels(batch).cpu().contiguous();
  predictions.class_count = logits.size(-1);
  for (int64_t i = 0; i < gold.size(0); ++i) {
    auto& tags = predictions.tags.emplace_back();
    auto& gold_tags = predictions.gold_tags.emplace_back();
    for (int64_t t = 0; t < gold.size(1); ++t) {
      const int64_t label = gold[i][t].item<int64_t>();
      if (label == kIgnored) continue;
      tags.push_back(spec().labels[chosen[i][t].item<int64_t>()]);
      gold_tags.push_back(spec().labels[label]);
    }
  }
}

}  // namespace adaptune
