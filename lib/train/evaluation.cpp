#include "train/evaluation.h"

#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "core/ahead.h"
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

// The place of each among them all, from the smallest on.
std::vector<int64_t> ranks(const std::vector<int64_t>& rows) {
  std::vector<int64_t> order(rows.size()), ranks(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return rows[a] < rows[b]; });
  for (size_t place = 0; place < order.size(); ++place) ranks[order[place]] = static_cast<int64_t>(place);
  return ranks;
}

// Some rows of the split may have no label, and no prediction.
void put_in_order(Predictions& predictions, const std::vector<int64_t>& split_rows) {
  const auto rows = ranks(split_rows);
  put_in_order(predictions.classes, rows);
  put_in_order(predictions.gold_classes, rows);
  put_in_order(predictions.gold_ranks, rows);
  put_in_order(predictions.losses, rows);
  put_in_order(predictions.label_sets, rows);
  put_in_order(predictions.gold_label_sets, rows);
  put_in_order(predictions.values, rows);
  put_in_order(predictions.gold_values, rows);
  put_in_order(predictions.tags, rows);
  put_in_order(predictions.gold_tags, rows);
}

class KeptState {
 public:
  explicit KeptState(Attachment& attachment) : attachment_(attachment) { attachment_.keep_state(true); }
  ~KeptState() { attachment_.keep_state(false); }
  KeptState(const KeptState&) = delete;
  KeptState& operator=(const KeptState&) = delete;

 private:
  Attachment& attachment_;
};

}  // namespace

void for_each_batch(const EncodedSplit& split, const EvaluationSettings& settings, bool padded,
                    const BatchSink& sink) {
  const torch::NoGradGuard no_grad;
  const auto batches = evaluation_batches(split.lengths(), settings.batch_size);
  const auto count = static_cast<int64_t>(batches.size());
  Ahead<Batch> collated(
      [&](int64_t number) {
        return collate(split, batches[number], {settings.pad_id, settings.device, padded, settings.trunk});
      },
      count);
  for (int64_t number = 0; number < count; ++number) sink(batches[number], collated.take(number));
}

void for_each_logits(TaskModel& model, const EncodedSplit& split, const EvaluationSettings& settings,
                     const LogitsSink& sink) {
  model.train(false, false);
  const KeptState kept(model.attachment());
  for_each_batch(split, settings, model.needs_padding(),
                 [&](const auto& rows, const Batch& batch) { sink(rows, batch, model.logits(batch)); });
}

void EvaluationSum::add(Head& head, const std::vector<int64_t>& rows, const Batch& batch,
                        const torch::Tensor& logits) {
  const LossSum loss = head.loss(logits, batch);
  loss_ += loss.sum.item<double>();
  count_ += loss.count;
  head.collect(logits, batch, evaluation_.predictions);
  const auto labelled = head.labelled_rows(batch).cpu();
  for (int64_t i = 0; i < labelled.size(0); ++i)
    order_.push_back(rows[labelled.const_data_ptr<int64_t>()[i]]);
}

Evaluation EvaluationSum::result(const std::vector<std::string>& metrics) {
  put_in_order(evaluation_.predictions, order_);
  evaluation_.loss = loss_ / std::max(count_, 1.0);
  evaluation_.scores = score_all(metrics, evaluation_.predictions);
  return std::move(evaluation_);
}

Evaluation evaluate(TaskModel& model, const EncodedSplit& split, const std::vector<std::string>& metrics,
                    const EvaluationSettings& settings) {
  if (!split.labelled) throw std::logic_error("a split without labels cannot be evaluated");
  EvaluationSum sum;
  for_each_logits(model, split, settings, [&](const auto& rows, const Batch& batch, const auto& logits) {
    sum.add(model.head(), rows, batch, logits);
  });
  return sum.result(metrics);
}

}  // namespace adaptune
