#include "data/batcher.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "core/error.h"
#include "data/random_sequence.h"

#include "catch.h"

namespace adaptune {
namespace {

using Rows = std::vector<int64_t>;

// Lengths as of real text: mostly short, a few long.
std::vector<int32_t> some_lengths(int64_t count) {
  RandomSequence random(1, 0, 0);
  std::vector<int32_t> lengths;
  for (int64_t i = 0; i < count; ++i)
    lengths.push_back(static_cast<int32_t>(3 + random.below(20) * random.below(7)));
  return lengths;
}

std::vector<Rows> epoch_of(Batcher& batcher, int64_t epoch) {
  std::vector<Rows> batches;
  for (int64_t i = 0; i < batcher.batches_per_epoch(); ++i) batches.push_back(batcher.batch(epoch, i));
  return batches;
}

Rows sorted_rows(const std::vector<Rows>& batches) {
  Rows rows;
  for (const Rows& batch : batches) rows.insert(rows.end(), batch.begin(), batch.end());
  std::sort(rows.begin(), rows.end());
  return rows;
}

// Share of the tokens that padding to each batch's longest row would add, in [0, 1).
double padding_share(const std::vector<int32_t>& lengths, const std::vector<Rows>& batches) {
  int64_t tokens = 0, padded = 0;
  for (const Rows& batch : batches) {
    int64_t longest = 0;
    for (const int64_t row : batch) {
      tokens += lengths[row];
      longest = std::max<int64_t>(longest, lengths[row]);
    }
    padded += longest * static_cast<int64_t>(batch.size());
  }
  return 1 - static_cast<double>(tokens) / static_cast<double>(padded);
}

Rows count_up(int64_t count) {
  Rows rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace

TEST_CASE("an epoch holds every row once, grouped or not") {
  for (const bool grouped : {true, false}) {
    for (const int64_t count : {1, 7, 32, 1003}) {
      Batcher batcher(some_lengths(count), {.batch_size = 8, .group_by_length = grouped, .seed = 3});
      const auto batches = epoch_of(batcher, 0);
      CHECK(sorted_rows(batches) == count_up(count));
      for (std::size_t i = 0; i + 1 < batches.size(); ++i) CHECK(batches[i].size() == 8);
    }
  }
}

TEST_CASE("a batch depends on seed, epoch and position alone") {
  const auto lengths = some_lengths(500);
  Batcher one(lengths, {.batch_size = 16, .seed = 3}), two(lengths, {.batch_size = 16, .seed = 3});
  epoch_of(one, 0);
  const auto third = epoch_of(one, 3);
  CHECK(two.batch(3, 20) == third[20]);
  CHECK(epoch_of(two, 3) == third);
  CHECK(epoch_of(two, 4) != third);
  Batcher other(lengths, {.batch_size = 16, .seed = 4});
  CHECK(epoch_of(other, 3) != third);
}

TEST_CASE("grouping by length saves most of the padding and starts with the longest row") {
  const auto lengths = some_lengths(2000);
  Batcher grouped(lengths, {.batch_size = 32, .seed = 3});
  Batcher random(lengths, {.batch_size = 32, .group_by_length = false, .seed = 3});
  const auto batches = epoch_of(grouped, 0);
  CHECK(padding_share(lengths, epoch_of(random, 0)) > 0.5);
  CHECK(padding_share(lengths, batches) < 0.2);
  CHECK(lengths[batches[0][0]] == *std::max_element(lengths.begin(), lengths.end()));
  CHECK(batches.back().size() == 2000 % 32);
}

TEST_CASE("epochs of a small data set differ although grouped") {
  Batcher batcher(some_lengths(64), {.batch_size = 8, .seed = 3});
  CHECK(epoch_of(batcher, 0) != epoch_of(batcher, 1));
}

TEST_CASE("evaluation takes every row once, longest first") {
  const auto lengths = some_lengths(100);
  const auto batches = evaluation_batches(lengths, 32);
  CHECK(batches.size() == 4);
  CHECK(sorted_rows(batches) == count_up(100));
  for (std::size_t i = 1; i < batches.size(); ++i)
    CHECK(lengths[batches[i - 1].back()] >= lengths[batches[i].front()]);
  CHECK(evaluation_batches({}, 32).empty());
}

TEST_CASE("batches that cannot be are refused") {
  CHECK_THROWS_AS(Batcher({1}, {.batch_size = 0}), UsageError);
  CHECK_THROWS_AS(evaluation_batches({1}, 0), UsageError);
  Batcher batcher({1, 2, 3}, {.batch_size = 2});
  CHECK_THROWS_AS(batcher.batch(0, 2), std::out_of_range);
  CHECK_THROWS_AS(batcher.batch(-1, 0), std::out_of_range);
}

}  // namespace adaptune
