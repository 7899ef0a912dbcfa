#include <torch/torch.h>

#include <set>
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

// The rows of a sequence that have a label, from the sequence's begin on.
std::vector<int64_t> labelled_places(const torch::Tensor& labels, const Sequence& sequence) {
  std::vector<int64_t> places;
  for (int64_t place = 0; place < sequence.length; ++place) {
    if (labels.const_data_ptr<int64_t>()[sequence.begin + place] != kIgnored) places.push_back(place);
  }
  return places;
}

class TagObjective final : public Objective {
 public:
  explicit TagObjective(std::vector<std::string> tags) : tags_(std::move(tags)) {}

  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override {
    return token_loss(logits, batch);
  }

  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const override {
    const auto chosen = logits.argmax(-1).cpu().contiguous();  // [N]
    const auto gold = kept_labels(batch).cpu().contiguous();
    predictions.class_count = logits.size(-1);
    for (const auto& sequence : batch.tokens.sequences) {
      auto& tags = predictions.tags.emplace_back();
      auto& gold_tags = predictions.gold_tags.emplace_back();
      for (const int64_t place : labelled_places(gold, sequence)) {
        tags.push_back(tags_[chosen.const_data_ptr<int64_t>()[sequence.begin + place]]);
        gold_tags.push_back(tags_[gold.const_data_ptr<int64_t>()[sequence.begin + place]]);
      }
    }
  }

 private:
  std::vector<std::string> tags_;
};

class PlaceObjective final : public Objective {
 public:
  LossSum loss(const torch::Tensor& logits, const Batch& batch) const override {
    return token_loss(logits, batch);
  }

  // Among the root, at place 0, and the first tokens of the words, as head_answer() chooses.
  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const override {
    const auto gold = kept_labels(batch).cpu().contiguous();
    predictions.class_count = logits.size(-1);
    for (const auto& sequence : batch.tokens.sequences) {
      auto& heads = predictions.tags.emplace_back();
      auto& gold_heads = predictions.gold_tags.emplace_back();
      const auto words = labelled_places(gold, sequence);
      std::set<int64_t> candidates(words.begin(), words.end());
      candidates.insert(0);
      for (const int64_t word : words)
        candidates.insert(gold.const_data_ptr<int64_t>()[sequence.begin + word]);
      const std::vector<int64_t> places(candidates.begin(), candidates.end());
      const auto index = [&](const std::vector<int64_t>& values) {
        return torch::tensor(values).to(logits.device());
      };
      const auto own = logits.narrow(0, sequence.begin, sequence.length).index_select(0, index(words));
      const auto chosen = own.index_select(1, index(places)).argmax(-1).cpu();
      for (size_t word = 0; word < words.size(); ++word) {
        heads.push_back(std::to_string(places[chosen[static_cast<int64_t>(word)].item<int64_t>()]));
        gold_heads.push_back(std::to_string(gold.const_data_ptr<int64_t>()[sequence.begin + words[word]]));
      }
    }
  }
};

}  // namespace

std::unique_ptr<Objective> tag_objective(const std::vector<std::string>& tags) {
  return std::make_unique<TagObjective>(tags);
}

std::unique_ptr<Objective> place_objective() { return std::make_unique<PlaceObjective>(); }

}  // namespace adaptune
