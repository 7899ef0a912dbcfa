#include <torch/torch.h>

#include <utility>

#include "head/objective.h"

namespace adaptune {
namespace {

class ClassObjective final : public Objective {
 public:
  explicit ClassObjective(std::vector<std::string> classes) : classes_(std::move(classes)) {}

  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override {
    // Rows without a label have a negative one, which the loss leaves out.
    return {at::cross_entropy_loss(logits, batch.labels, {}, at::Reduction::Sum),
            batch.labels.ge(0).sum().item<double>()};
  }

  void collect(const torch::Tensor& all, const Batch& batch, Predictions& predictions) const override {
    const auto labelled = labelled_rows(batch);
    const auto logits = all.index_select(0, labelled), labels = batch.labels.index_select(0, labelled);
    const auto classes = logits.argmax(-1).cpu(), gold = labels.cpu();
    const auto right = logits.gather(-1, labels.unsqueeze(-1));
    const auto ranks = (logits > right).sum(-1).cpu();
    const auto losses =
        at::cross_entropy_loss(logits, labels, {}, at::Reduction::None).to(torch::kFloat64).cpu();
    predictions.class_count = logits.size(-1);
    predictions.class_names = classes_;
    for (int64_t i = 0; i < classes.size(0); ++i) {
      predictions.classes.push_back(classes[i].item<int64_t>());
      predictions.gold_classes.push_back(gold[i].item<int64_t>());
      predictions.gold_ranks.push_back(ranks[i].item<int64_t>());
      predictions.losses.push_back(losses[i].item<double>());
    }
  }

  torch::Tensor labelled_rows(const Batch& batch) const override { return not_negative(batch.labels); }

 private:
  std::vector<std::string> classes_;
};

}  // namespace

std::unique_ptr<Objective> class_objective(const std::vector<std::string>& classes) {
  return std::make_unique<ClassObjective>(classes);
}

}  // namespace adaptune
