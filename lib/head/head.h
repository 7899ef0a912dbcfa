#pragma once
// Prediction heads: features of the backbone to logits, loss and predictions. One file a kind of task.

#include <torch/torch.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "core/config_node.h"
#include "metric/metric.h"

namespace adaptune {

// Names and defaults as in AdapterHub's head configurations.
struct HeadSpec {
  // classification | image_classification | multilabel_classification | regression | tagging
  std::string type = "classification";
  std::vector<std::string> labels;  // in the order of the logits; regression: empty
  int64_t layers = 1;
  std::optional<std::string> activation_function = "tanh";  // between layers
  bool use_pooler = false;             // read the backbone's pooled output instead of token 0
  bool bias = true;                    // of the last layer
  std::optional<double> dropout_prob;  // empty: the backbone's classifier or hidden dropout
  int64_t outputs() const { return type == "regression" ? 1 : static_cast<int64_t>(labels.size()); }
  friend bool operator==(const HeadSpec&, const HeadSpec&) = default;
};

void read_head_spec(ConfigNode node, HeadSpec& spec);
std::vector<std::string> head_types();

// A loss as a sum with the number it is to be divided by, so that accumulated micro-batches weigh right.
struct LossSum {
  torch::Tensor sum;  // scalar, float32
  double count = 0;
};

class Head : public torch::nn::Module {
 public:
  ~Head() override = default;
  // [B, C], or [N, C] for a head on every token
  torch::Tensor forward(const Features& features);
  virtual LossSum loss(const torch::Tensor& logits, const Batch& batch) const = 0;
  // Appends the batch's predictions and gold labels.
  virtual void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const = 0;
  const HeadSpec& spec() const { return spec_; }
  Wanted wanted() const { return {false, spec_.use_pooler, on_every_token_}; }

 protected:
  // Weights are drawn as the backbone's own: normal, `info.init_range`, biases zero. Parameters are
  // named by AdapterHub's module numbers: dropout, linear and activation each take one.
  Head(const HeadSpec& spec, const BackboneInfo& info, bool on_every_token);

 private:
  HeadSpec spec_;
  bool on_every_token_;
  double dropout_;
  std::vector<torch::nn::Linear> linears_;
};

// The head of a spec, with fresh weights. UsageError for an unknown type.
std::shared_ptr<Head> make_head(const HeadSpec& spec, const BackboneInfo& info);
// Number of the module that holds linear layer i of a head: 1, 4, 7 with activations between, 1, 3, 5
// without.
int64_t head_module_number(const HeadSpec& spec, int64_t layer);

}  // namespace adaptune
