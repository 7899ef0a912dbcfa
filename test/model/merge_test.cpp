#include "model/merge.h"

#include "core/error.h"
#include "model/task_model.h"

#include "catch.h"

namespace adaptune {
namespace {

using torch::Tensor;

std::filesystem::path model(const std::string& name) {
  return std::filesystem::path(FIXTURES) / "models" / name;
}

Batch images() {
  Batch batch;
  batch.pixels = torch::randn({4, 3, 24, 16});
  return batch;
}

Tensor features(Backbone& backbone, const Batch& batch) {
  const torch::NoGradGuard no_grad;
  return backbone.forward(batch, {}).first;
}

}  // namespace

TEST_CASE("a merged network answers as the one with adapters", "[model]") {
  for (const std::string name : {"resnet26_tiny", "resnet_hf_bottleneck_tiny"}) {
    for (const std::string method : {"residual_parallel", "residual_series", "batch_norm", "full"}) {
      INFO(name << " " << method);
      torch::manual_seed(1);
      const auto backbone = load_backbone(model(name), torch::kCPU);
      TaskAdapter adapter(adapter_spec(method), *backbone);
      adapter.eval();
      {
        const torch::NoGradGuard no_grad;
        for (auto& parameter : adapter.parameters()) parameter.add_(at::randn_like(parameter), 0.1);
        for (auto& statistic : adapter.buffers()) statistic.add_(at::rand_like(statistic), 0.3);
      }
      const auto batch = images();
      adapter.attach();
      const auto expected = features(*backbone, batch);
      adapter.detach();
      CHECK_FALSE(at::allclose(features(*backbone, batch), expected, 1e-3, 1e-3));
      merge_into(adapter, *backbone);
      CHECK(at::allclose(features(*backbone, batch), expected, 1e-4, 1e-4));
    }
  }
}

TEST_CASE("an adapter with a non-linearity cannot be merged", "[model]") {
  const auto backbone = load_backbone(model("vit_tiny"), torch::kCPU);
  const TaskAdapter adapter(adapter_spec("pfeiffer"), *backbone);
  CHECK_THROWS_AS(merge_into(adapter, *backbone), ValueError);
}

}  // namespace adaptune
