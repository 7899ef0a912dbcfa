#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace adaptune {

// Random numbers that are the same on every machine and with every standard library, whose distributions
// differ: SplitMix64 (Steele, Lea & Flood 2014). The stream is a pure function of its three arguments.
class RandomSequence {
 public:
  RandomSequence(uint64_t seed, uint64_t purpose, uint64_t number);
  uint64_t next();
  uint64_t below(uint64_t bound);  // uniform in [0, bound); bound > 0

 private:
  uint64_t state_;
};

// Purposes of the streams drawn from one seed.
inline constexpr uint64_t kSampleStream = 1;      // which examples max_train_samples keeps
inline constexpr uint64_t kRowOrderStream = 2;    // an epoch's rows; number: the epoch
inline constexpr uint64_t kBatchOrderStream = 3;  // an epoch's batches; number: the epoch
inline constexpr uint64_t kDropStream = 4;        // layers that a step leaves out; number: the step
// And beyond: how an image is changed, one stream a row of the split; number: the epoch.
inline constexpr uint64_t kAugmentationStream = 1 << 16;

// Fisher-Yates.
template <typename T>
void shuffle(std::vector<T>& values, RandomSequence& random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

// 0 .. count-1 in random order.
std::vector<int64_t> random_permutation(int64_t count, RandomSequence random);

}  // namespace adaptune
