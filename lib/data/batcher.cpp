#include "data/batcher.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

#include "core/error.h"
#include "data/random_sequence.h"

namespace adaptune {
namespace {

using Rows = std::vector<int64_t>;

void check_batch_size(int64_t batch_size) {
  if (batch_size < 1) throw UsageError("batch size must be at least 1, got " + std::to_string(batch_size));
}

void sort_by_length(Rows::iterator begin, Rows::iterator end, const std::vector<int32_t>& lengths) {
  std::stable_sort(begin, end, [&](int64_t a, int64_t b) { return lengths[a] > lengths[b]; });
}

// At most 50 batches, but at least four mega-batches where the data allow, or every epoch would have the
// same batches.
int64_t rows_per_mega_batch(int64_t rows, int64_t batch_size) {
  return std::max<int64_t>(1, std::min<int64_t>(rows / (batch_size * 4), 50)) * batch_size;
}

void sort_mega_batches(Rows& rows, const std::vector<int32_t>& lengths, int64_t batch_size) {
  const auto count = static_cast<int64_t>(rows.size());
  const int64_t step = rows_per_mega_batch(count, batch_size);
  for (int64_t begin = 0; begin < count;) {
    // A rest below one batch joins its neighbour, so that the short batch never has the longest row.
    const int64_t end = count - begin - step < batch_size ? count : begin + step;
    sort_by_length(rows.begin() + begin, rows.begin() + end, lengths);
    begin = end;
  }
}

// Puts the full batches in random order, one with a longest row first; each is sorted, longest first.
void shuffle_batches(Rows& rows, const std::vector<int32_t>& lengths, int64_t batch_size,
                     RandomSequence random) {
  const int64_t full = static_cast<int64_t>(rows.size()) / batch_size;
  if (full == 0) return;
  Rows order = random_permutation(full, random);
  const auto longest = std::max_element(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return lengths[rows[a * batch_size]] < lengths[rows[b * batch_size]];
  });
  std::iter_swap(order.begin(), longest);
  Rows ordered;
  ordered.reserve(rows.size());
  for (const int64_t batch : order) {
    const auto begin = rows.begin() + batch * batch_size;
    ordered.insert(ordered.end(), begin, begin + batch_size);
  }
  ordered.insert(ordered.end(), rows.begin() + full * batch_size, rows.end());
  rows = std::move(ordered);
}

Rows epoch_order(const std::vector<int32_t>& lengths, const BatchOptions& options, int64_t epoch) {
  const auto number = static_cast<uint64_t>(epoch);
  Rows rows = random_permutation(static_cast<int64_t>(lengths.size()),
                                 RandomSequence(options.seed, kRowOrderStream, number));
  if (!options.group_by_length) return rows;
  sort_mega_batches(rows, lengths, options.batch_size);
  shuffle_batches(rows, lengths, options.batch_size, RandomSequence(options.seed, kBatchOrderStream, number));
  return rows;
}

}  // namespace

Batcher::Batcher(std::vector<int32_t> lengths, const BatchOptions& options)
    : lengths_(std::move(lengths)), options_(options) {
  check_batch_size(options.batch_size);
}

int64_t Batcher::batches_per_epoch() const {
  return (static_cast<int64_t>(lengths_.size()) + options_.batch_size - 1) / options_.batch_size;
}

std::vector<int64_t> Batcher::batch(int64_t epoch, int64_t position) {
  if (epoch < 0 || position < 0 || position >= batches_per_epoch()) {
    throw std::out_of_range("no batch " + std::to_string(position) + " in epoch " + std::to_string(epoch) +
                            " of " + std::to_string(batches_per_epoch()) + " batches");
  }
  if (epoch != epoch_) {
    rows_ = epoch_order(lengths_, options_, epoch);
    epoch_ = epoch;
  }
  const int64_t begin = position * options_.batch_size;
  const int64_t end = std::min(begin + options_.batch_size, static_cast<int64_t>(rows_.size()));
  return {rows_.begin() + begin, rows_.begin() + end};
}

std::vector<std::vector<int64_t>> evaluation_batches(const std::vector<int32_t>& lengths,
                                                     int64_t batch_size) {
  check_batch_size(batch_size);
  Rows rows(lengths.size());
  std::iota(rows.begin(), rows.end(), 0);
  sort_by_length(rows.begin(), rows.end(), lengths);
  std::vector<Rows> batches;
  const auto count = static_cast<int64_t>(rows.size());
  for (int64_t begin = 0; begin < count; begin += batch_size) {
    batches.emplace_back(rows.begin() + begin, rows.begin() + std::min(begin + batch_size, count));
  }
  return batches;
}

}  // namespace adaptune
