#include "model/shared_pass.h"

#include <torch/torch.h>

#include <array>

#include "adapter/method.h"
#include "model/task_model.h"
#include "train/small_training.h"

#include "catch.h"

namespace adaptune {
namespace {

Batch sample_batch(bool padded) {
  Batch batch;
  const std::vector<int64_t> lengths = {9, 9, 6, 1, 9, 4};
  batch.tokens = padded ? padded_tokens(lengths, torch::kCPU) : packed_tokens(lengths, torch::kCPU);
  batch.input_ids = torch::randint(5, 100, {batch.tokens.size()}, torch::kInt64);
  return batch;
}

HeadSpec head_of(const std::string& type) {
  HeadSpec spec;
  spec.type = type;
  spec.labels = {"a", "b", "c"};
  return spec;
}

void disturb(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : module.parameters()) parameter.add_(at::randn_like(parameter), 0.05);
}

SharedPass::Task task_of(const AdapterSpec& spec, Backbone& backbone,
                         const std::string& head = "classification") {
  SharedPass::Task task{std::make_shared<TaskAdapter>(spec, backbone),
                        make_head(head_of(head), backbone.info())};
  disturb(*task.attachment);
  return task;
}

AdapterSpec dropped(const std::string& method, int64_t layers) {
  AdapterSpec spec = adapter_spec(method);
  spec.drop = {"fixed", layers};
  return spec;
}

// The same logits in one pass and in a pass each, and the backbone as before.
void check_equal_to_separate(Backbone& backbone, const std::vector<SharedPass::Task>& tasks,
                             const Batch& batch) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> together;
  {
    SharedPass pass(backbone, tasks);
    pass.eval();
    together = pass.logits(batch);
  }
  REQUIRE(together.size() == tasks.size());
  for (size_t i = 0; i < tasks.size(); ++i) {
    INFO(i);
    TaskModel model(backbone, tasks[i].attachment, tasks[i].head);
    model.train(false, false);
    const auto alone = model.logits(batch);
    REQUIRE(together[i].sizes() == alone.sizes());
    CHECK(at::allclose(together[i], alone, 1e-5, 1e-5));
  }
}

TEST_CASE("tasks of one kind give in one pass what they give alone", "[model]") {
  torch::manual_seed(1);
  const auto backbone = load_backbone(small_bert(), torch::kCPU);
  for (const std::string method : {"pfeiffer", "houlsby", "par_bn", "lora", "ia3", "bitfit"}) {
    INFO(method);
    const std::vector<SharedPass::Task> tasks = {task_of(adapter_spec(method), *backbone),
                                                 task_of(adapter_spec(method), *backbone),
                                                 task_of(adapter_spec(method), *backbone)};
    check_equal_to_separate(*backbone, tasks, sample_batch(false));
  }
}

TEST_CASE("tasks that differ from different layers on share what is common", "[model]") {
  torch::manual_seed(2);
  const auto backbone = load_backbone(small_bert(), torch::kCPU);
  for (const std::string method : {"pfeiffer", "houlsby", "lora"}) {
    INFO(method);
    const std::vector<SharedPass::Task> tasks = {
        task_of(dropped(method, 2), *backbone), task_of(dropped(method, 1), *backbone),
        task_of(adapter_spec("head_only"), *backbone), task_of(dropped(method, 1), *backbone),
        task_of(adapter_spec(method), *backbone)};
    check_equal_to_separate(*backbone, tasks, sample_batch(false));
  }
}

TEST_CASE("tasks of all kinds run in one pass, with heads of all kinds", "[model]") {
  torch::manual_seed(3);
  const auto backbone = load_backbone(small_bert(), torch::kCPU);
  AdapterSpec wide = adapter_spec("pfeiffer"), gated = adapter_spec("seq_bn"),
              holes = adapter_spec("double_seq_bn");
  std::get<BottleneckOptions>(wide.site).reduction_factor = {{"default", 2}};
  std::get<BottleneckOptions>(gated.site).use_gating = true;
  holes.leave_out = {1};
  SharedPass::Task fusion{small_fusion(*backbone), make_head(head_of("classification"), backbone->info())};
  disturb(*fusion.attachment);
  HeadSpec pooled = head_of("classification");
  pooled.use_pooler = true;
  std::vector<SharedPass::Task> tasks = {
      task_of(wide, *backbone),
      task_of(adapter_spec("houlsby"), *backbone, "tagging"),
      task_of(gated, *backbone),
      task_of(holes, *backbone, "regression"),
      task_of(adapter_spec("ia3"), *backbone),
      task_of(adapter_spec("layernorm"), *backbone, "multilabel_classification"),
      fusion,
      task_of(adapter_spec("head_only"), *backbone, "tagging")};
  tasks[0].head = make_head(pooled, backbone->info());
  check_equal_to_separate(*backbone, tasks, sample_batch(true));
}

TEST_CASE("tasks on a Vision Transformer share a pass but for biases of its convolution", "[model]") {
  torch::manual_seed(8);
  const auto backbone = load_backbone(std::filesystem::path(FIXTURES) / "models" / "vit_tiny", torch::kCPU);
  const int64_t size = backbone->info().image_size;
  Batch batch;
  batch.pixels = torch::randn({3, 3, size, size});
  std::vector<SharedPass::Task> tasks;
  for (const std::string method : {"pfeiffer", "layernorm", "houlsby", "lora", "head_only"})
    tasks.push_back(task_of(adapter_spec(method), *backbone, "image_classification"));
  check_equal_to_separate(*backbone, tasks, batch);
  CHECK_FALSE(SharedPass::can_share(TaskAdapter(adapter_spec("bitfit"), *backbone)));
}

TEST_CASE("several fusions run in one pass, beside adapters and with dropped layers", "[model]") {
  torch::manual_seed(6);
  const auto backbone = load_backbone(small_bert(), torch::kCPU);
  FusionOptions late;
  late.drop = {"fixed", 1};
  std::vector<SharedPass::Task> tasks;
  for (const auto& options : {FusionOptions(), late, FusionOptions()}) {
    tasks.push_back(
        {small_fusion(*backbone, options), make_head(head_of("classification"), backbone->info())});
    disturb(*tasks.back().attachment);
  }
  check_equal_to_separate(*backbone, tasks, sample_batch(false));
  tasks.push_back(task_of(adapter_spec("pfeiffer"), *backbone));
  tasks.push_back(task_of(dropped("houlsby", 2), *backbone, "tagging"));
  check_equal_to_separate(*backbone, tasks, sample_batch(true));
}

TEST_CASE("in bfloat16 the feed-forward sublayer rounds the same with and without adapters in it",
          "[model]") {
  torch::manual_seed(9);
  const auto backbone = load_backbone(small_bert(), torch::kCPU);
  const auto batch = sample_batch(false);
  const torch::NoGradGuard no_grad;
  const auto exact = backbone->forward(batch, {}).last;
  backbone->set_bfloat16(true);
  const auto rounded = backbone->forward(batch, {}).last;
  CHECK(rounded.scalar_type() == torch::kFloat32);
  CHECK_FALSE(at::equal(rounded, exact));
  CHECK(at::allclose(rounded, exact, 0.05, 0.05));
  // A fresh LoRA adds zero, but to values in float32.
  for (const std::string place : {"ffn.intermediate", "ffn.output"}) {
    AdapterSpec spec = adapter_spec("lora");
    std::get<LoraOptions>(spec.site).places = {place};
    TaskAdapter adapter(spec, *backbone);
    adapter.attach();
    CHECK(at::equal(backbone->forward(batch, {}).last, rounded));
    adapter.detach();
  }
}

TEST_CASE("the last layer of the tokens that heads read is that of all tokens", "[model]") {
  torch::manual_seed(7);
  const auto backbone = load_backbone(small_bert(), torch::kCPU);
  const torch::NoGradGuard no_grad;
  for (const bool padded : {false, true}) {
    Batch batch = sample_batch(padded);
    batch.marks = at::stack({batch.tokens.starts, batch.tokens.starts}, 1);
    for (const auto& [row, mark, place] :
         std::vector<std::array<int64_t, 3>>{{0, 0, 4}, {0, 1, 8}, {2, 1, 5}, {5, 0, 3}})
      batch.marks[row][mark] += place;
    for (const std::string method : {"head_only", "houlsby", "lora", "par_bn"}) {
      INFO(method);
      TaskAdapter adapter(adapter_spec(method), *backbone);
      disturb(adapter);
      adapter.attach();
      const auto all = backbone->forward(batch, {.marked = true});
      const auto read = backbone->forward(batch, {.every_token = false, .marked = true});
      adapter.detach();
      CHECK_FALSE(read.last.defined());
      CHECK(at::equal(all.marked, all.last.index_select(0, batch.marks.flatten())));
      CHECK(at::allclose(read.marked, all.marked, 1e-5, 1e-5));
      CHECK(at::allclose(read.first, all.first, 1e-5, 1e-5));
    }
  }
}

TEST_CASE("adapters at linear maps share a pass with tasks that own these maps' biases", "[model]") {
  torch::manual_seed(5);
  const auto backbone = load_backbone(small_bert(), torch::kCPU);
  const std::vector<SharedPass::Task> tasks = {
      task_of(adapter_spec("lora"), *backbone), task_of(adapter_spec("bitfit"), *backbone),
      task_of(adapter_spec("ia3"), *backbone), task_of(adapter_spec("bitfit"), *backbone)};
  check_equal_to_separate(*backbone, tasks, sample_batch(false));
}

TEST_CASE("a task with matrices of its own does not share", "[model]") {
  const auto backbone = load_backbone(small_bert(), torch::kCPU);
  CHECK_FALSE(SharedPass::can_share(TaskAdapter(adapter_spec("full"), *backbone)));
  CHECK(SharedPass::can_share(TaskAdapter(adapter_spec("houlsby"), *backbone)));
}

TEST_CASE("a shared pass leaves the backbone as it was", "[model]") {
  torch::manual_seed(4);
  const auto backbone = load_backbone(small_bert(), torch::kCPU);
  const auto batch = sample_batch(false);
  const torch::NoGradGuard no_grad;
  const auto before = backbone->forward(batch, {}).last;
  {
    const SharedPass pass(
        *backbone, {task_of(adapter_spec("houlsby"), *backbone), task_of(adapter_spec("bitfit"), *backbone)});
  }
  CHECK(at::equal(backbone->forward(batch, {}).last, before));
}

}  // namespace
}  // namespace adaptune
