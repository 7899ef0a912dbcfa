#include <torch/torch.h>

#include "head/objective.h"

namespace adaptune {
namespace {

class LabelSetObjective final : public Objective {
 public:
  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override {
    const auto labelled = labelled_rows(batch);
    const auto kept = logits.index_select(0, labelled);
    const auto sum = at::binary_cross_entropy_with_logits(
        kept, batch.labels.index_select(0, labelled).to(torch::kFloat32), {}, {}, at::Reduction::Sum);
    return {sum, static_cast<double>(kept.numel())};
  }

  void collect(const torch::Tensor& all, const Batch& batch, Predictions& predictions) const override {
    const auto labelled = labelled_rows(batch);
    const auto logits = all.index_select(0, labelled);
    const auto chosen = (logits > 0).cpu().to(torch::kUInt8).contiguous();  // probability above one half
    const auto gold = batch.labels.index_select(0, labelled).cpu().to(torch::kUInt8).contiguous();
    const int64_t classes = logits.size(1);
    predictions.class_count = classes;
    for (int64_t i = 0; i < logits.size(0); ++i) {
      const auto* row = chosen.data_ptr<uint8_t>() + i * classes;
      const auto* gold_row = gold.data_ptr<uint8_t>() + i * classes;
      predictions.label_sets.emplace_back(row, row + classes);
      predictions.gold_label_sets.emplace_back(gold_row, gold_row + classes);
    }
  }

  torch::Tensor labelled_rows(const Batch& batch) const override {
    return not_negative(batch.labels.select(1, 0));
  }
};

}  // namespace

std::unique_ptr<Objective> label_set_objective() { return std::make_unique<LabelSetObjective>(); }

}  // namespace adaptune
