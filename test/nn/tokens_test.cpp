#include "nn/tokens.h"

#include <torch/torch.h>

#include "catch.h"

namespace adaptune {
namespace {

TEST_CASE("packed tokens lie behind each other, filled up behind the last") {
  const auto tokens = packed_tokens({3, 1, 5}, torch::kCPU);
  CHECK(tokens.rows() == 3);
  REQUIRE(tokens.size() == 12);
  CHECK(at::equal(tokens.starts, torch::tensor({0, 3, 4})));
  CHECK(at::equal(tokens.positions, torch::tensor({0, 1, 2, 0, 0, 1, 2, 3, 4, 0, 0, 0})));
  CHECK(tokens.mask.sum().item<int64_t>() == 9);
  CHECK(at::equal(tokens.of(torch::arange(12), 2), torch::tensor({4, 5, 6, 7, 8})));
}

TEST_CASE("little is filled up, and few numbers of rows occur") {
  int64_t largest = 0, numbers = 0;
  for (int64_t length = 1; length <= 4096; ++length) {
    const int64_t size = packed_tokens({length}, torch::kCPU).size();
    if (length >= 256) CHECK((size - length) * 64 <= length);
    numbers += size != largest;
    largest = size;
  }
  CHECK(numbers <= 64 * 7);
}

TEST_CASE("a full stream has no mask") {
  CHECK_FALSE(packed_tokens({4, 8}, torch::kCPU).mask.defined());
  CHECK_FALSE(padded_tokens({3, 3}, torch::kCPU).mask.defined());
  CHECK_FALSE(masked_tokens(torch::Tensor(), 2, 3).mask.defined());
}

TEST_CASE("values go from sequences to tokens and back") {
  const auto tokens = padded_tokens({2, 3}, torch::kCPU);
  CHECK(at::equal(tokens.spread(torch::tensor({5, 7})), torch::tensor({5, 5, 5, 7, 7, 7})));
  CHECK(tokens.by_sequence(torch::zeros({6, 4})).sizes() == torch::IntArrayRef({2, 3, 4}));
  CHECK_THROWS(packed_tokens({2, 6}, torch::kCPU).by_sequence(torch::zeros({8, 4})));
}

TEST_CASE("a mask with a hole is refused") { CHECK_THROWS(masked_tokens(torch::tensor({{1, 0, 1}}), 1, 3)); }

}  // namespace
}  // namespace adaptune
