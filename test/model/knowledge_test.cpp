#include "model/knowledge.h"

#include <torch/torch.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "adapter/method.h"
#include "core/error.h"
#include "model/task_fusion.h"
#include "model/task_model.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

const std::string kModel = std::string(FIXTURES) + "/models/bert_tiny";

Batch batch_of(const std::vector<int64_t>& lengths) {
  Batch batch;
  batch.tokens = packed_tokens(lengths, torch::kCPU);
  batch.input_ids = torch::randint(5, 20, {batch.tokens.size()}, torch::kInt64);
  return batch;
}

AdapterSpec small_spec() {
  AdapterSpec spec = adapter_spec("k_adapter");
  auto& options = std::get<KnowledgeOptions>(spec.site);
  options.inner_width = 8;
  options.inner_heads = 2;
  options.init_std = 0.2;
  return spec;
}

std::shared_ptr<TaskAdapter> small_adapter(Backbone& backbone) {
  auto adapter = std::make_shared<TaskAdapter>(small_spec(), backbone);
  adapter->eval();
  return adapter;
}

// What the adapter itself gives for a batch.
torch::Tensor output_of(const TaskAdapter& adapter, Backbone& backbone, const Batch& batch) {
  const torch::NoGradGuard no_grad;
  const auto features = backbone.forward(batch, adapter.wanted({}));
  std::vector<torch::Tensor> states;
  for (const int64_t position : adapter.knowledge_adapter()->positions())
    states.push_back(features.states.at(position));
  return adapter.knowledge_adapter()->forward(states, batch.tokens).back();
}

}  // namespace

TEST_CASE("what an adapter gives does not depend on others beside it", "[model]") {
  torch::manual_seed(1);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  const auto first = small_adapter(*backbone), second = small_adapter(*backbone);
  // Frozen, as members are: frozen weights are multiplied by other kernels.
  for (auto& parameter : first->parameters()) parameter.set_requires_grad(false);
  const auto batch = batch_of({5, 3});
  const auto alone = output_of(*first, *backbone, batch);
  FusionOptions options;
  for (const auto& name : combination_names()) {
    options.combination = name;
    TaskFusion fusion(options, {first, second}, *backbone);
    fusion.attach();
    const torch::NoGradGuard no_grad;
    const Wanted wanted;
    const auto features = fusion.read(backbone->forward(batch, fusion.wanted(wanted)), batch, wanted);
    CHECK(features.last.sizes() == torch::IntArrayRef({batch.tokens.size(), backbone->info().hidden_size}));
    CHECK(at::equal(output_of(*first, *backbone, batch), alone));
  }
}

TEST_CASE("a member's features in a combination are the same bits whoever is beside it", "[model]") {
  torch::manual_seed(7);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  const auto own = small_adapter(*backbone), one = small_adapter(*backbone), other = small_adapter(*backbone);
  const auto batch = batch_of({5, 3});
  const int64_t d = backbone->info().hidden_size;
  FusionOptions options;
  options.combination = "concat";
  // What the head is given. Without `second` the joint projection, the same in all of them, reads the first
  // member alone.
  const auto features = [&](const std::shared_ptr<TaskAdapter>& neighbour, bool second) {
    torch::manual_seed(8);
    TaskFusion fusion(options, {own, neighbour}, *backbone);
    fusion.attach();
    const torch::NoGradGuard no_grad;
    if (!second) fusion.named_parameters()["combination.joint.weight"].narrow(1, d, d).zero_();
    return fusion.read(backbone->forward(batch, fusion.wanted({})), batch, {}).last;
  };
  CHECK(at::equal(features(one, false), features(other, false)));
  CHECK_FALSE(at::equal(features(one, true), features(other, true)));
}

TEST_CASE("the backbone runs as its own beside a knowledge adapter", "[model]") {
  torch::manual_seed(2);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  const auto batch = batch_of({4, 6});
  const torch::NoGradGuard no_grad;
  const auto plain = backbone->forward(batch, {}).last;
  const auto adapter = small_adapter(*backbone);
  adapter->attach();
  CHECK(at::equal(backbone->forward(batch, adapter->wanted({})).last, plain));
  adapter->detach();
}

TEST_CASE("features of some tokens are those of all", "[model]") {
  torch::manual_seed(3);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  auto batch = batch_of({4, 6});
  batch.marks = torch::tensor({{1}, {7}}, torch::kInt64);
  const auto adapter = small_adapter(*backbone);
  const torch::NoGradGuard no_grad;
  const Wanted every{.marked = true}, marked{.every_token = false, .marked = true},
      first{.every_token = false};
  const auto read = [&](const Wanted& wanted) {
    return adapter->read(backbone->forward(batch, adapter->wanted(wanted)), batch, wanted);
  };
  const auto all = read(every);
  CHECK(at::allclose(read(marked).marked, all.last.index_select(0, batch.marks.flatten()), 1e-5, 1e-6));
  CHECK(at::allclose(read(first).first, all.last.index_select(0, batch.tokens.starts), 1e-5, 1e-6));
}

TEST_CASE("gradients reach a knowledge adapter and nothing of the backbone", "[model]") {
  torch::manual_seed(4);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  const auto adapter = small_adapter(*backbone);
  const auto batch = batch_of({4, 6});
  const Wanted wanted{.every_token = false};
  adapter->read(backbone->forward(batch, adapter->wanted(wanted)), batch, wanted).first.sum().backward();
  for (const auto& item : adapter->named_parameters()) {
    INFO(item.key());
    CHECK(item.value().grad().defined());
  }
  for (const auto& slot : backbone->tensors()) CHECK_FALSE(slot.tensor->requires_grad());
}

TEST_CASE("the backbone may be trained through frozen adapters, whose dropout then acts", "[model]") {
  torch::manual_seed(5);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  auto spec = small_spec();
  std::get<KnowledgeOptions>(spec.site).dropout = 0.5;
  const auto member = std::make_shared<TaskAdapter>(spec, *backbone);
  FusionOptions options;
  options.combination = "concat";
  const auto batch = batch_of({4, 6});
  const Wanted wanted{.every_token = false};
  const auto first_of = [&](TaskFusion& fusion) {
    return fusion.read(backbone->forward(batch, fusion.wanted(wanted)), batch, wanted).first;
  };
  for (const bool whole : {false, true}) {
    INFO(whole);
    options.train_backbone = whole;
    TaskFusion fusion(options, {member}, *backbone);
    fusion.attach();
    fusion.eval();
    CHECK(at::equal(first_of(fusion), first_of(fusion)));
    fusion.train();
    const auto first = first_of(fusion);
    CHECK(at::equal(first_of(fusion), first) != whole);
    first.square().sum().backward();
    CHECK(fusion.overridden().empty() != whole);
    int64_t reached = 0;
    for (const auto& own : fusion.overridden()) reached += own.trained.grad().defined() ? 1 : 0;
    // All but the pooler's weight and bias.
    CHECK(reached == std::max<int64_t>(static_cast<int64_t>(fusion.overridden().size()) - 2, 0));
    for (const auto& parameter : member->parameters()) CHECK_FALSE(parameter.grad().defined());
    fusion.detach();
    for (const auto& slot : backbone->tensors()) CHECK_FALSE(slot.tensor->requires_grad());
  }
}

TEST_CASE("both ways of chaining, padding attended or not", "[model]") {
  torch::manual_seed(5);
  const auto backbone = load_backbone(kModel, torch::kCPU);
  auto spec = small_spec();
  auto& options = std::get<KnowledgeOptions>(spec.site);
  options.chaining = "concat";
  TaskAdapter concat(spec, *backbone);
  CHECK(concat.named_parameters()["knowledge.layers.1.down.weight"].size(1) ==
        2 * backbone->info().hidden_size);
  CHECK_FALSE(concat.needs_padding());
  options.mask_padding = false;
  CHECK(TaskAdapter(spec, *backbone).needs_padding());
}

TEST_CASE("what a layer adds to, by the way of chaining", "[model]") {
  torch::manual_seed(6);
  KnowledgeOptions options;
  options.positions = {{0, 1}};
  options.inner_width = 8;
  options.inner_heads = 2;
  options.init_std = 0.2;
  const auto tokens = packed_tokens({3, 2}, torch::kCPU);
  const auto first = at::randn({tokens.size(), 16}), second = at::randn({tokens.size(), 16});
  const torch::NoGradGuard no_grad;
  for (const std::string chaining : {"add", "concat"}) {
    INFO(chaining);
    const bool concat = chaining == "concat";
    options.chaining = chaining;
    KnowledgeAdapter adapter(options, knowledge_shape(options, 2, 16));
    adapter.eval();
    auto parameters = adapter.named_parameters();
    const auto outputs = [&](const torch::Tensor& state) { return adapter.forward({first, state}, tokens); };
    if (concat) {
      // The first half of the columns reads the state: without them only the skip sees it.
      CHECK_FALSE(
          at::allclose(outputs(second + 1)[1] - outputs(second)[1], at::ones_like(second), 1e-4, 1e-4));
      parameters["layers.1.down.weight"].narrow(1, 0, 16).zero_();
      CHECK(at::allclose(outputs(second + 1)[1] - outputs(second)[1], at::ones_like(second), 1e-4, 1e-4));
    }
    CHECK(at::equal(outputs(second + 1)[0], outputs(second)[0]));
    parameters["layers.1.up.weight"].zero_();
    const auto skipped = outputs(second);
    CHECK(at::allclose(skipped[1], concat ? second : second + skipped[0]));
  }
}

TEST_CASE("weight decay leaves the value matrix of attention alone", "[model]") {
  const auto backbone = load_backbone(kModel, torch::kCPU);
  FusionOptions options;
  options.combination = "attention";
  TaskFusion fusion(options, {small_adapter(*backbone)}, *backbone);
  CHECK_FALSE(fusion.decays(fusion.named_parameters()["combination.value.weight"]));
  CHECK(fusion.decays(fusion.named_parameters()["combination.query.weight"]));
}

TEST_CASE("options that a backbone cannot have are named", "[model]") {
  const auto backbone = load_backbone(kModel, torch::kCPU);
  auto spec = small_spec();
  auto& options = std::get<KnowledgeOptions>(spec.site);
  options.positions = {0, 9};
  options.inner_heads = 3;
  const auto problems = adapter_problems(spec, *backbone);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].key() == "adapter.layers");
  CHECK_THAT(problems[0].what(), Contains("there is no hidden state 9"));
  CHECK_THAT(problems[1].what(), Contains("3 heads do not divide the width 8"));
}

}  // namespace adaptune
