#include <torch/torch.h>

#include "head/objective.h"

namespace adaptune {
namespace {

class ClozeObjective final : public Objective {
 public:
  // Of several answers the first is learned.
  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override {
    const auto first = batch.labels.select(1, 0);
    return {at::cross_entropy_loss(logits, first, {}, at::Reduction::Sum), first.ge(0).sum().item<double>()};
  }

  // The right answer is the predicted one where that is among them, else the first.
  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const override {
    const auto rows = labelled_rows(batch);
    const auto answers = batch.labels.index_select(0, rows);      // [R, A]
    const auto chosen = logits.index_select(0, rows).argmax(-1);  // [R]
    const auto right = answers.eq(chosen.unsqueeze(1)).any(1);    // [R]
    const auto gold = at::where(right, chosen, answers.select(1, 0)).cpu();
    const auto classes = chosen.cpu();
    predictions.class_count = logits.size(-1);
    for (int64_t i = 0; i < classes.size(0); ++i) {
      predictions.classes.push_back(classes[i].item<int64_t>());
      predictions.gold_classes.push_back(gold[i].item<int64_t>());
    }
  }

  torch::Tensor labelled_rows(const Batch& batch) const override {
    return not_negative(batch.labels.select(1, 0));
  }
};

}  // namespace

std::unique_ptr<Objective> cloze_objective() { return std::make_unique<ClozeObjective>(); }

}  // namespace adaptune
