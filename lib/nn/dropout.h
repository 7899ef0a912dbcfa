#pragma once

#include <torch/types.h>

#include <cstdint>

namespace adaptune {

// The random factors of one dropout: 0 with `probability`, else 1 / (1 - probability), rounded to 2^-16. They
// come from a counter (Philox 4x32-10, Salmon et al. 2011) and not from a sequence: backward makes them again
// from the seed, so no mask is kept, and they do not depend on the number of threads.
class DropoutFactors {
 public:
  explicit DropoutFactors(double probability);  // in (0, 1); seeded by the CPU's default generator
  DropoutFactors(double probability, uint64_t seed);
  uint64_t seed() const { return seed_; }
  double probability() const { return probability_; }
  // values[i] *= factor i of `row`; rows are independent of each other. T: float, double or at::BFloat16.
  template <class T>
  void apply(T* values, int64_t count, uint64_t row) const;

 private:
  double probability_;
  uint64_t seed_;
  uint32_t threshold_;  // a 16-bit draw below it drops
  float scale_;
};

// Dropout of Srivastava et al. 2014 over all elements; x itself where the probability is 0. On the CPU
// nothing is kept for backward but a seed.
torch::Tensor dropout(const torch::Tensor& x, double probability);

}  // namespace adaptune
