#include "train/evaluation.h"

#include <torch/torch.h>

#include <algorithm>
#include <stdexcept>

#include "data/batcher.h"
#include "data/collate.h"

namespace adaptune {
namespace {

// Puts values in the order of the split; rows[i] is the place of values[i].
template <typename T>
void put_in_order(std::vector<T>& values, const std::vector<int64_t>& rows) {
  if (values.empty()) return;
  if (values.size() != rows.size()) throw std::logic_error("a head gave not one prediction for each row");
  std::vector<T> ordered(values.size());
  for (size_t i = 0; i < rows.size(); ++i) ordered[rows[i]] = std::move(values[i]);
  values = std::move(ordered);
}

void put_in_order(Predictions& predictions, const std::vector<int64_t>& rows) {
  put_in_order(predictions.classes, rows);
  put_in_order(predictions.gold_classes, rows);
  put_in_order(predictions.label_sets, rows);
  put_in_order(predictions.gold_label_sets, rows);
  put_in_order(predictions.values, rows);
  put_in_order(predictions.gold_values, rows);
  put_in_order(predictions.tags, rows);
  put_in_order(predictions.gold_tags, rows);
}

}  // namespace

void for_each_batch(const EncodedSplit& split, const EvaluationSettings& settings, bool padded,
                    const BatchSink& sink) {
  const torch::NoGradGuard no_grad;
  for (const auto& rows : evaluation_batches(split.lengths(), settings.batch_size)) {
    sink(rows, collate(split, rows, {settings.pad_id, settings.device, padded}));
  }
}

void for_each_logits(TaskModel& model, const EncodedSplit& split, const EvaluationSettings& settings,
                     const LogitsSink& sink) {
  model.train(false, false);
  for_each_batch(split, settings, model.needs_padding(),
                 [&](const auto& rows, const Batch& batch) { sink(rows, batch, model.logits(batch)); });
}

Evaluation evaluate(TaskModel& model, const EncodedSplit& split, const std::vector<std::string>& metrics,
                    const EvaluationSettings& settings) {
  if (!split.labelled) throw std::logic_error("a split without labels cannot be evaluated");
  Evaluation evaluation;
  double sum = 0, count = 0;
  std::vector<int64_t> order;
  const auto collect = [&](const std::vector<int64_t>& rows, const Batch& batch,
                           const torch::Tensor& logits) {
    const LossSum loss = model.head().loss(logits, batch);
    sum += loss.sum.item<double>();
    count += loss.count;
    model.head().collect(logits, batch, evaluation.predictions);
    order.insert(order.end(), rows.begin(), rows.end());
  };
  for_each_logits(model, split, settings, collect);
  put_in_order(evaluation.predictions, order);
  evaluation.loss = sum / std::max(count, 1.0);
  evaluation.scores = score_all(metrics, evaluation.predictions);
  return evaluation;
}

}  // namespace adaptune
