#include "model/low_rank.h"

#include <torch/torch.h>

#include "core/error.h"

#include "catch.h"

namespace adaptune {
namespace {

using torch::Tensor;

Tensor product(const TensorMap& tensors, const std::string& site) {
  return tensors.at(site + ".up").flatten(1).matmul(tensors.at(site + ".down").flatten(1));
}

TensorMap task(int64_t rank) {
  const Tensor alpha = at::randn({6, rank}).matmul(at::randn({rank, 4}));
  return {{"a.alpha", alpha.view({6, 4, 1, 1})}, {"a.norm_bias", at::ones({6})}};
}

}  // namespace

TEST_CASE("a matrix of low rank is kept, a larger one nearly", "[model]") {
  torch::manual_seed(1);
  const std::vector<TensorMap> tasks{task(2), task(4)};
  const auto limited = low_rank(tasks, 2, false);
  CHECK(limited.tensors[0].at("a.up").sizes() == at::IntArrayRef({6, 2, 1, 1}));
  CHECK(limited.tensors[0].at("a.down").sizes() == at::IntArrayRef({2, 4, 1, 1}));
  CHECK(limited.tensors[0].count("a.alpha") == 0);
  CHECK(at::equal(limited.tensors[0].at("a.norm_bias"), at::ones({6})));
  CHECK(at::allclose(product(limited.tensors[0], "a"), tasks[0].at("a.alpha").flatten(1), 1e-4, 1e-5));
  CHECK(limited.kept[0] == Approx(1));
  const auto values = at::linalg_svdvals(tasks[1].at("a.alpha").flatten(1)).square();
  CHECK(limited.kept[1] ==
        Approx((values.narrow(0, 0, 2).sum() / values.sum()).item<double>()).epsilon(1e-5));
  CHECK(at::allclose(product(low_rank(tasks, 100, false).tensors[1], "a"), tasks[1].at("a.alpha").flatten(1),
                     1e-4, 1e-5));
}

TEST_CASE("tasks may share the basis of their matrices side by side", "[model]") {
  torch::manual_seed(2);
  const std::vector<TensorMap> tasks{task(1), task(1), task(1)};
  const auto joint = low_rank(tasks, 3, true);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(at::equal(joint.tensors[i].at("a.up"), joint.tensors[0].at("a.up")));
    CHECK(at::allclose(product(joint.tensors[i], "a"), tasks[i].at("a.alpha").flatten(1), 1e-4, 1e-5));
  }
  const auto narrow = low_rank(tasks, 1, true), own = low_rank(tasks, 1, false);
  CHECK(own.kept[1] == Approx(1));
  CHECK(narrow.kept[1] < 0.999);
  CHECK_THROWS_AS(low_rank({tasks[0], {}}, 1, true), InputError);
}

}  // namespace adaptune
