#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/activation_cache.h"
#include "metric/metric.h"
#include "model/task_model.h"

namespace adaptune {

using Scores = std::vector<std::pair<std::string, std::optional<double>>>;

struct EvaluationSettings {
  int64_t batch_size = 64;
  int32_t pad_id = 0;
  torch::Device device = torch::kCPU;
  const ActivationCache* trunk = nullptr;  // as in CollateOptions
};

// A whole split in batches without autograd, longest rows first; `padded` as in CollateOptions.
using BatchSink = std::function<void(const std::vector<int64_t>& rows, const Batch& batch)>;
void for_each_batch(const EncodedSplit& split, const EvaluationSettings& settings, bool padded,
                    const BatchSink& sink);

// Logits of a whole split without autograd, in evaluation mode, longest rows first. `sink` gets the row
// numbers [B], the batch and its logits.
using LogitsSink =
    std::function<void(const std::vector<int64_t>& rows, const Batch& batch, const torch::Tensor& logits)>;
void for_each_logits(TaskModel& model, const EncodedSplit& split, const EvaluationSettings& settings,
                     const LogitsSink& sink);

struct Evaluation {
  double loss = 0;          // mean of the head's loss
  Predictions predictions;  // in the order of the split
  Scores scores;            // by metric, in the order asked for
};

// An evaluation as its batches come in.
class EvaluationSum {
 public:
  void add(Head& head, const std::vector<int64_t>& rows, const Batch& batch, const torch::Tensor& logits);
  // Of all that was added, which must be every row of the split.
  Evaluation result(const std::vector<std::string>& metrics);

 private:
  Evaluation evaluation_;
  double loss_ = 0, count_ = 0;
  std::vector<int64_t> order_;
};

// Throws std::logic_error for a split without labels.
Evaluation evaluate(TaskModel& model, const EncodedSplit& split, const std::vector<std::string>& metrics,
                    const EvaluationSettings& settings);

}  // namespace adaptune
