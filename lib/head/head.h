#pragma once
// Prediction heads: features of the backbone to logits, loss and predictions. One file a kind of network.

#include <torch/torch.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backbone/backbone.h"
#include "core/config_node.h"
#include "head/objective.h"

namespace adaptune {

// Names and defaults as in AdapterHub's head configurations.
struct HeadSpec {
  // classification | image_classification | multilabel_classification | regression | tagging |
  // entity_classification | entity_pair_classification | dependency_head | fact_cloze
  std::string type = "classification";
  std::vector<std::string>
      labels;  // in the order of the logits; regression, dependency_head, fact_cloze: empty
  int64_t layers = 1;
  std::optional<std::string> activation_function = "tanh";  // between layers
  bool use_pooler = false;             // read the backbone's pooled output instead of token 0
  bool bias = true;                    // of the last layer
  std::optional<double> dropout_prob;  // empty: the backbone's classifier or hidden dropout
  bool multi_label = false;            // entity_classification: any number of labels an entity
  int64_t places = 0;                  // dependency_head: the longest sequence, in tokens
  int64_t outputs() const;
  friend bool operator==(const HeadSpec&, const HeadSpec&) = default;
};

void read_head_spec(ConfigNode node, HeadSpec& spec);
std::vector<std::string> head_types();

class Head : public torch::nn::Module {
 public:
  ~Head() override = default;
  // Of one task. [B, C], or [N, C] for a head on every token; float32.
  virtual torch::Tensor forward(const Features& features, const Batch& batch) = 0;
  virtual Wanted wanted() const = 0;
  LossSum loss(const torch::Tensor& logits, const Batch& batch) const {
    return objective_->loss(logits, batch);
  }
  void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const {
    objective_->collect(logits, batch, predictions);
  }
  torch::Tensor labelled_rows(const Batch& batch) const { return objective_->labelled_rows(batch); }
  const HeadSpec& spec() const { return spec_; }

 protected:
  Head(HeadSpec spec, const BackboneInfo& info, std::unique_ptr<Objective> objective);
  // Weights drawn as the backbone's own: normal, `info.init_range`, biases zero.
  torch::nn::Linear add_linear(const std::string& name, int64_t in, int64_t out, bool bias = true);
  // In training.
  torch::Tensor dropped(const torch::Tensor& x) const;

 private:
  HeadSpec spec_;
  std::unique_ptr<Objective> objective_;
  double dropout_, init_range_;
};

// The head of a spec, with fresh weights. UsageError for an unknown type.
std::shared_ptr<Head> make_head(const HeadSpec& spec, const BackboneInfo& info);

}  // namespace adaptune
