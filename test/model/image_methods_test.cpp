#include <torch/torch.h>

#include "backbone/fresh_tensor.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "io/temporary_folder.h"
#include "model/task_model.h"

#include "catch.h"

namespace adaptune {
namespace {

using torch::Tensor;

std::filesystem::path model(const std::string& name) {
  return std::filesystem::path(FIXTURES) / "models" / name;
}

Batch images(int64_t height, int64_t width) {
  Batch batch;
  batch.pixels = torch::randn({6, 3, height, width});
  batch.labels = torch::tensor({0, 1, 0, 1, 1, 0});
  return batch;
}

std::vector<Tensor> copies_of(Backbone& backbone) {
  std::vector<Tensor> tensors;
  for (const auto& slot : backbone.tensors()) {
    if (slot.tensor->defined()) tensors.push_back(slot.tensor->clone());
  }
  return tensors;
}

HeadSpec two_classes() {
  HeadSpec spec;
  spec.type = "image_classification";
  spec.labels = {"a", "b"};
  return spec;
}

// Losses of training steps, batch norms and all.
std::vector<double> losses_of(TaskModel& task, const Batch& batch) {
  std::vector<Tensor> parameters;
  for (const auto& [name, parameter] : task.trainable()) parameters.push_back(parameter);
  torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(1e-2));
  std::vector<double> losses;
  for (int step = 0; step < 6; ++step) {
    optimizer.zero_grad();
    task.train(true, false);
    const auto loss = task.head().loss(task.logits(batch), batch).sum;
    losses.push_back(loss.item<double>());
    loss.backward();
    optimizer.step();
  }
  return losses;
}

const std::vector<std::string> kMethods = {
    "residual_parallel", "residual_series", "batch_norm", "head_only", "full", "full_random"};

}  // namespace

TEST_CASE("methods of image networks learn and leave the backbone bitwise as it was", "[model]") {
  for (const std::string name : {"resnet26_tiny", "resnet_hf_bottleneck_tiny"}) {
    const auto backbone = load_backbone(model(name), torch::kCPU);
    const auto before = copies_of(*backbone);
    for (const auto& method : kMethods) {
      INFO(name << " " << method);
      torch::manual_seed(2);
      const auto batch = images(24, 16);
      {
        TaskModel task(*backbone, std::make_shared<TaskAdapter>(adapter_spec(method), *backbone),
                       make_head(two_classes(), backbone->info()));
        const auto losses = losses_of(task, batch);
        CHECK(losses.back() < losses.front());
      }
      const auto after = copies_of(*backbone);
      for (size_t i = 0; i < before.size(); ++i) REQUIRE(at::equal(before[i], after[i]));
    }
  }
}

TEST_CASE("a frozen batch norm never reads the batch", "[model]") {
  const auto backbone = load_backbone(model("resnet26_tiny"), torch::kCPU);
  const auto batch = images(24, 16);
  Wanted wanted;
  const torch::NoGradGuard no_grad;
  const auto expected = backbone->forward(batch, wanted).first;
  AdapterSpec beside = adapter_spec("residual_parallel");  // of zeros; the norms stay the network's
  beside.train_batch_norm = false;
  beside.override = Override::kNone;
  for (const auto& spec : {adapter_spec("head_only"), beside}) {
    TaskModel task(*backbone, std::make_shared<TaskAdapter>(spec, *backbone),
                   make_head(two_classes(), backbone->info()));
    task.train(true, false);
    CHECK(at::allclose(backbone->forward(batch, wanted).first, expected, 1e-4, 1e-5));
    CHECK(task.trainable().size() ==
          (spec.method == "head_only" ? 2 : 2 + task.attachment().site_adapters().size()));
  }
}

TEST_CASE("a domain adds at most 2.7 MB to the published ResNet-26", "[model]") {
  const TemporaryFolder folder;
  write_file_atomically(folder.path() / "config.json",
                        R"({"model_type": "resnet26", "width": 32, "blocks": [4, 4, 4]})");
  TensorMap tensors;
  const auto described = describe_backbone(folder.path());
  for (const auto& slot : described->tensors())
    tensors.emplace(slot.name, fresh_tensor(slot, described->info()));
  write_safetensors(folder.path() / "model.safetensors", tensors);
  const auto backbone = load_backbone(folder.path(), torch::kCPU);
  // Rebuffi et al. 2018: 3x3 kernels; batch norms; 1x1 kernels.
  CHECK(shape_count(*backbone) == 5806944 + 7744);
  const TaskAdapter adapter(adapter_spec("residual_parallel"), *backbone);
  CHECK(parameter_count(adapter) == 645216 + 7744);
  CHECK(safetensors_bytes(parameter_map(adapter)).size() <= 2700000);
  CHECK(parameter_count(TaskAdapter(adapter_spec("residual_series"), *backbone)) == 689152 + 14976);
}

TEST_CASE("text methods work on a Vision Transformer", "[model]") {
  const auto backbone = load_backbone(model("vit_tiny"), torch::kCPU);
  const auto before = copies_of(*backbone);
  for (const std::string method :
       {"pfeiffer", "houlsby", "parallel", "lora", "ia3", "bitfit", "layernorm", "full"}) {
    INFO(method);
    torch::manual_seed(3);
    {
      TaskModel task(*backbone, std::make_shared<TaskAdapter>(adapter_spec(method), *backbone),
                     make_head(two_classes(), backbone->info()));
      const auto losses = losses_of(task, images(24, 24));
      CHECK(losses.back() < losses.front());
    }
    const auto after = copies_of(*backbone);
    for (size_t i = 0; i < before.size(); ++i) REQUIRE(at::equal(before[i], after[i]));
  }
}

TEST_CASE("a method that finds nothing to adapt is refused", "[model]") {
  const auto bert = load_backbone(model("bert"), torch::kCPU),
             resnet = load_backbone(model("resnet26_tiny"), torch::kCPU);
  for (const std::string method : {"residual_parallel", "residual_series", "batch_norm"})
    CHECK_THROWS_AS(TaskAdapter(adapter_spec(method), *bert), ValueError);
  for (const std::string method : {"pfeiffer", "lora", "layernorm"})
    CHECK_THROWS_AS(TaskAdapter(adapter_spec(method), *resnet), ValueError);
}

}  // namespace adaptune
