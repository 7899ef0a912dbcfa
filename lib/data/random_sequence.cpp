#include "data/random_sequence.h"

#include <numeric>

namespace adaptune {
namespace {

constexpr uint64_t kStep = 0x9E3779B97F4A7C15;  // 2^64 divided by the golden ratio, odd

uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

}  // namespace

RandomSequence::RandomSequence(uint64_t seed, uint64_t purpose, uint64_t number)
    : state_(mixed(mixed(mixed(seed + kStep) + purpose + kStep) + number + kStep)) {}

uint64_t RandomSequence::next() { return mixed(state_ += kStep); }

uint64_t RandomSequence::below(uint64_t bound) {
  const uint64_t surplus = (0 - bound) % bound;  // 2^64 mod bound: numbers below would come up too often
  uint64_t number = next();
  while (number < surplus) number = next();
  return number % bound;
}

std::vector<int64_t> random_permutation(int64_t count, RandomSequence random) {
  std::vector<int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, random);
  return order;
}

}  // namespace adaptune
