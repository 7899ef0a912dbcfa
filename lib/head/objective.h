#pragma once
// What logits are trained for: loss, and the predictions that metrics read. One file a kind of label.

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "metric/metric.h"
#include "nn/batch.h"

namespace adaptune {

// A loss as a sum with the number it is to be divided by, so that accumulated micro-batches weigh right.
struct LossSum {
  torch::Tensor sum;  // scalar, float32
  double count = 0;
};

class Objective {
 public:
  virtual ~Objective() = default;
  virtual LossSum loss(const torch::Tensor& logits, const Batch& batch) const = 0;
  // Appends the batch's predictions and gold labels, one each for the rows that have a label.
  virtual void collect(const torch::Tensor& logits, const Batch& batch, Predictions& predictions) const = 0;
  // Those rows of the batch, [R] int64; all, unless rows may lack one.
  virtual torch::Tensor labelled_rows(const Batch& batch) const;
};

// The rows whose value is not negative, [R] int64.
torch::Tensor not_negative(const torch::Tensor& values);

// Cross-entropy over classes: logits [B, C], labels [B] int64, negative where a row has none.
std::unique_ptr<Objective> class_objective(const std::vector<std::string>& classes);
// Binary cross-entropy of each label: logits [B, C], labels [B, C] of 0 and 1. A label is predicted above one
// half.
std::unique_ptr<Objective> label_set_objective();
// Squared error: logits [B, 1], labels [B].
std::unique_ptr<Objective> number_objective();
// Cross-entropy over the tags of tokens that have one: logits [N, C], labels [N] int64, -100 elsewhere.
std::unique_ptr<Objective> tag_objective(const std::vector<std::string>& tags);
// Cross-entropy over the places of a sequence: logits [N, P], labels [N] int64 with the place of the token
// that each is to find, -100 where none is sought.
std::unique_ptr<Objective> place_objective();
// Cross-entropy over all words: logits [B, V], labels [B, A] int64, answers any of which is right, -100
// behind them.
std::unique_ptr<Objective> cloze_objective();

}  // namespace adaptune
