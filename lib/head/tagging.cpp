#include <torch/torch.h>

#include <string>
#include <utility>

#include "head/objective.h"

namespace adaptune {
namespace {

constexpr int64_t kIgnored = -100;

torch::Tensor kept_labels(const Batch& batch) {
  return batch.tokens.mask.defined() ? batch.labels.masked_fill(~batch.tokens.mask, kIgnored) : batch.labels;
}

LossSum token_loss(const torch::Tensor& logits, const Batch& batch) {
  const auto labels = kept_labels(batch);
  const auto sum = at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum, kIgnored);
  return {sum, (labels != kIgnored).sum().item<double>()};
}

// The predicted and the right answer of each token that has a label, by sentence; `name` writes a number.
template <typename Name>
void collect_tokens(const torch::Tensor& logits, const Batch& batch, const Name& name,
                    Predictions& predictions) {
  const auto chosen = logits.argmax(-1).cpu().contiguous();  // [N]
  const auto gold = kept_labels(batch).cpu().contiguous();
  predictions.class_count = logits.size(-1);
  for (const auto& sequence : batch.tokens.sequences) {
    auto& tags = predictions.tags.emplace_back();
    auto& gold_tags = predictions.gold_tags.emplace_back();
    for (int64_t row = sequence.begin; row < sequence.begin + sequence.length; ++row) {
      const int64_t label = gold.const_data_ptr<int64_t>()[row];
      if (label == kIgnored) continue;
      tags.push_back(name(chosen.const_data_ptr<int64_t>()[row]));
      gold_tags.push_back(name(label));
    }
  }
}

class TagObjective final : public Objective {
 public:
  explicit TagObjective(std::vector<std::string> tags) : tags_(std::move(tags)) {}

  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override {
    return token_loss(logits, batch);
  }

  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const override {
    collect_tokens(
        logits, batch, [&](int64_t tag) { return tags_[tag]; }, predictions);
  }

 private:
  std::vector<std::string> tags_;
};

class PlaceObjective final : public Objective {
 public:
  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override {
    return token_loss(logits, batch);
  }

  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const override {
    collect_tokens(
        logits, batch, [](int64_t place) { return std::to_string(place); }, predictions);
  }
};

}  // namespace

std::unique_ptr<Objective> tag_objective(const std::vector<std::string>& tags) {
  return std::make_unique<TagObjective>(tags);
}

std::unique_ptr<Objective> place_objective() { return std::make_unique<PlaceObjective>(); }

}  // namespace adaptune
