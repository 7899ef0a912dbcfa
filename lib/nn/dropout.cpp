#include "nn/dropout.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#if defined(__x86_64__) && defined(__linux__)
#define ADAPTUNE_FOR_EACH_VECTOR_WIDTH __attribute__((target_clones("avx2", "default")))
#else
#define ADAPTUNE_FOR_EACH_VECTOR_WIDTH
#endif

namespace adaptune {
namespace {

using torch::Tensor;

constexpr double kSteps = 65536;  // of a 16-bit draw
constexpr int kLanes = 16;        // counters computed side by side
constexpr int kDraws = 8 * kLanes;
constexpr int64_t kRow = 1 << 14;  // elements of a tensor that share a row of factors

// The factors of the draws [128 block, 128 (block + 1)) of a row.
ADAPTUNE_FOR_EACH_VECTOR_WIDTH
void fill_factors(uint64_t seed, uint64_t row, uint64_t block, uint32_t threshold, float scale,
                  float* factors) {
  uint32_t c0[kLanes], c1[kLanes], c2[kLanes], c3[kLanes];
  for (int i = 0; i < kLanes; ++i) {
    const uint64_t counter = block * kLanes + i;
    c0[i] = static_cast<uint32_t>(counter);
    c1[i] = static_cast<uint32_t>(counter >> 32);
    c2[i] = static_cast<uint32_t>(row);
    c3[i] = static_cast<uint32_t>(row >> 32);
  }
  auto k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9U, k1 += 0xBB67AE85U) {
    for (int i = 0; i < kLanes; ++i) {
      const uint64_t p0 = uint64_t{0xD2511F53U} * c0[i], p1 = uint64_t{0xCD9E8D57U} * c2[i];
      c0[i] = static_cast<uint32_t>(p1 >> 32) ^ c1[i] ^ k0;
      c1[i] = static_cast<uint32_t>(p1);
      c2[i] = static_cast<uint32_t>(p0 >> 32) ^ c3[i] ^ k1;
      c3[i] = static_cast<uint32_t>(p0);
    }
  }
  const auto factor = [&](uint32_t draw) { return draw < threshold ? 0.0F : scale; };
  float* out = factors;
  for (const uint32_t* words : {c0, c1, c2, c3}) {
    for (int i = 0; i < kLanes; ++i) out[i] = factor(words[i] & 0xFFFFU);
    for (int i = 0; i < kLanes; ++i) out[kLanes + i] = factor(words[i] >> 16);
    out += 2 * kLanes;
  }
}

uint64_t random_seed() {
  return static_cast<uint64_t>(at::empty({}, torch::kInt64).random_().item<int64_t>());
}

// A copy of x times its factors.
Tensor dropped(const Tensor& x, const DropoutFactors& factors) {
  Tensor y = x.clone(at::MemoryFormat::Contiguous);
  const int64_t count = y.numel();
  AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, y.scalar_type(), "dropout", [&] {
    auto* values = y.mutable_data_ptr<scalar_t>();
    at::parallel_for(0, (count + kRow - 1) / kRow, 4, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        factors.apply(values + row * kRow, std::min(kRow, count - row * kRow), static_cast<uint64_t>(row));
      }
    });
  });
  return y;
}

struct Dropout : public torch::autograd::Function<Dropout> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, double probability) {
    const DropoutFactors factors(probability);
    context->saved_data["probability"] = probability;
    context->saved_data["seed"] = static_cast<int64_t>(factors.seed());
    return dropped(x, factors);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const DropoutFactors factors(context->saved_data["probability"].toDouble(),
                                 static_cast<uint64_t>(context->saved_data["seed"].toInt()));
    return {dropped(gradients[0], factors), Tensor()};
  }
};

}  // namespace

DropoutFactors::DropoutFactors(double probability) : DropoutFactors(probability, random_seed()) {}

DropoutFactors::DropoutFactors(double probability, uint64_t seed)
    : probability_(probability),
      seed_(seed),
      threshold_(static_cast<uint32_t>(std::clamp(std::round(probability * kSteps), 1.0, kSteps - 1))),
      scale_(static_cast<float>(kSteps / (kSteps - threshold_))) {}

template <class T>
void DropoutFactors::apply(T* values, int64_t count, uint64_t row) const {
  std::array<float, kDraws> factors;
  for (int64_t begin = 0; begin < count; begin += kDraws) {
    fill_factors(seed_, row, static_cast<uint64_t>(begin / kDraws), threshold_, scale_, factors.data());
    const int64_t here = std::min<int64_t>(kDraws, count - begin);
    for (int64_t i = 0; i < here; ++i) values[begin + i] *= static_cast<T>(factors[i]);
  }
}

template void DropoutFactors::apply(float*, int64_t, uint64_t) const;
template void DropoutFactors::apply(double*, int64_t, uint64_t) const;
template void DropoutFactors::apply(at::BFloat16*, int64_t, uint64_t) const;

Tensor dropout(const Tensor& x, double probability) {
  if (probability <= 0) return x;
  if (probability >= 1) return x * 0;
  return x.is_cpu() ? Dropout::apply(x, probability) : at::dropout(x, probability, /*train=*/true);
}

}  // namespace adaptune
