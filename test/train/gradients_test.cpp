#include "train/gradients.h"

#include <torch/torch.h>

#include <cmath>
#include <numeric>

#include "core/ahead.h"
#include "data/collate.h"
#include "train/optimizer.h"
#include "train/small_training.h"

#include "catch.h"

namespace adaptune {
namespace {

std::vector<int64_t> first_rows(int64_t count) {
  std::vector<int64_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// Gradients of 32 rows in micro-batches, without dropout.
TensorMap gradients_in(SmallModel& small, const EncodedSplit& split, int64_t micro_rows,
                       StepLoss* loss = nullptr) {
  Optimizer optimizer(make_update_rule({}), parameter_groups(*small.model, {}));
  optimizer.clear_gradients();
  small.model->train(false, false);
  const auto step = compute_gradients(*small.model, make_step_batches(split, first_rows(32), micro_rows, {}),
                                      optimizer.parameters());
  if (loss) *loss = step;
  TensorMap gradients;
  for (const auto& [name, parameter] : small.model->trainable())
    gradients.emplace(name, parameter.grad().clone());
  return gradients;
}

double largest_difference(const TensorMap& a, const TensorMap& b) {
  double largest = 0;
  for (const auto& [name, tensor] : a) {
    largest = std::max(largest, (tensor - b.at(name)).abs().max().item<double>());
  }
  return largest;
}

// Sentences with tags on some tokens, of unequal number.
EncodedSplit made_up_tags(int64_t rows) {
  EncodedSplit split = made_up_split(rows, 4);
  split.kind = LabelKind::kTags;
  split.tags.assign(split.ids.size(), -100);
  for (size_t i = 0; i < split.ids.size(); i += 1 + i % 7) split.tags[i] = split.ids[i] % 2;
  return split;
}

}  // namespace

TEST_CASE("1 x 32 examples have the gradient of 4 x 8") {
  SmallModel small;
  const auto split = made_up_split(32, 5);
  StepLoss whole_loss, parts_loss;
  const auto whole = gradients_in(small, split, 32, &whole_loss),
             parts = gradients_in(small, split, 8, &parts_loss);
  CHECK(largest_difference(whole, parts) < 1e-6);
  CHECK(largest_difference(whole, gradients_in(small, split, 5)) < 1e-6);
  CHECK(whole_loss.sum == Approx(parts_loss.sum).epsilon(1e-6));
  CHECK(parts_loss.count == 32);
  CHECK(parts_loss.examples == 32);
  CHECK(make_step_batches(split, first_rows(32), 8, {}).tokens == split.row_starts[32]);
}

TEST_CASE("batches are made ahead of the steps that need them, and again where a step is repeated") {
  std::vector<int64_t> made;
  Ahead<StepBatches> stream(
      [&](int64_t step) {
        made.push_back(step);
        if (step == 3) throw std::runtime_error("no batch");
        StepBatches batches;
        batches.tokens = step;
        return batches;
      },
      4);
  CHECK(stream.take(0).tokens == 0);
  CHECK(stream.take(1).tokens == 1);
  CHECK(stream.take(1).tokens == 1);
  CHECK(stream.take(2).tokens == 2);
  CHECK_THROWS_WITH(stream.take(3), "no batch");
  CHECK(made == std::vector<int64_t>{0, 1, 2, 1, 2, 3});
}

TEST_CASE("micro-batches with unequal numbers of tags weigh by their tags") {
  HeadSpec spec = SmallModel::two_classes();
  spec.type = "tagging";
  SmallModel small("pfeiffer", spec);
  const auto split = made_up_tags(32);
  CHECK(largest_difference(gradients_in(small, split, 32), gradients_in(small, split, 8)) < 1e-6);
}

TEST_CASE("adapters and fusions of the lowest layers left out for a step are as if they were never there") {
  const DropOptions fixed{"fixed", 2};
  for (const std::string method : {"pfeiffer", "houlsby", "fusion"}) {
    INFO(method);
    const auto made = [&](const DropOptions& drop) {
      return SmallModel(
          [&](Backbone& backbone) -> std::shared_ptr<Attachment> {
            FusionOptions options;
            options.drop = drop;
            if (method == "fusion") return small_fusion(backbone, options);
            AdapterSpec spec = adapter_spec(method);
            spec.drop = drop;
            return std::make_shared<TaskAdapter>(spec, backbone);
          },
          SmallModel::two_classes());
    };
    SmallModel small = made({}), dropped = made(fixed);
    const auto split = made_up_split(32, 5);
    {
      const torch::NoGradGuard no_grad;
      for (const auto& [name, tensor] : small.model->trainable()) tensor.add_(at::randn_like(tensor), 0.01);
      const auto all = small.tensors();
      for (const auto& [name, tensor] : dropped.model->trainable()) tensor.copy_(all.at(name));
    }
    small.model->leave_out(lowest_layers(2));
    Optimizer optimizer(make_update_rule({}), parameter_groups(*small.model, {}));
    optimizer.clear_gradients();
    small.model->train(false, false);
    compute_gradients(*small.model, make_step_batches(split, first_rows(32), 32, {}), optimizer.parameters());
    const auto expected = gradients_in(dropped, split, 32);
    size_t trained = 0;
    for (const auto& [name, parameter] : small.model->trainable()) {
      INFO(name);
      const auto own = expected.find(name);
      REQUIRE(parameter.grad().defined() == (own != expected.end()));
      if (own == expected.end()) continue;
      CHECK(at::equal(parameter.grad(), own->second));
      ++trained;
    }
    CHECK(trained == expected.size());
  }
}

TEST_CASE("the loss behind the gradient is the mean over the step") {
  SmallModel small("head_only");
  const auto split = made_up_split(32, 5);
  const auto gradients = gradients_in(small, split, 8);
  const Batch batch = collate(split, first_rows(32), {});
  const auto loss = at::cross_entropy_loss(small.model->logits(batch), batch.labels);
  const auto parameters = small.head->parameters();
  const auto expected = torch::autograd::grad({loss}, {parameters[0]});
  CHECK((expected[0] - gradients.at("head.1.weight")).abs().max().item<double>() < 1e-6);
}

TEST_CASE("a fusion is regularised once a step, however many micro-batches") {
  SmallModel small([](Backbone& backbone) { return small_fusion(backbone); }, SmallModel::two_classes());
  {
    const torch::NoGradGuard no_grad;
    for (auto& item : small.attachment->named_parameters()) {
      if (item.key().ends_with("value.weight")) item.value().mul_(2);
    }
  }
  const auto split = made_up_split(32, 5);
  const auto whole = gradients_in(small, split, 32), parts = gradients_in(small, split, 4);
  CHECK(largest_difference(whole, parts) < 1e-6);
  const auto value = small.attachment->named_parameters()["encoder/0/ffn/residual.value.weight"];
  const auto regularization = 0.02 * (value - at::eye(value.size(0))).detach();
  const auto data = whole.at("encoder/0/ffn/residual.value.weight") - regularization;
  CHECK(data.abs().max().item<double>() < regularization.abs().max().item<double>());
}

TEST_CASE("gradients are clipped by their common norm") {
  std::vector<torch::Tensor> parameters = {at::zeros({2}).set_requires_grad(true),
                                           at::zeros({1}).set_requires_grad(true),
                                           at::zeros({1}).set_requires_grad(true)};
  const auto reset = [&] {
    parameters[0].mutable_grad() = torch::tensor({3.0f, 0.0f});
    parameters[1].mutable_grad() = torch::tensor({4.0f});
  };
  reset();
  CHECK(clip_gradients(parameters, 1.0) == Approx(5));
  CHECK(parameters[0].grad()[0].item<float>() == Approx(0.6).epsilon(1e-5));
  CHECK(parameters[1].grad()[0].item<float>() == Approx(0.8).epsilon(1e-5));
  reset();
  CHECK(clip_gradients(parameters, std::nullopt) == Approx(5));
  CHECK(clip_gradients(parameters, 10.0) == Approx(5));
  CHECK(parameters[1].grad()[0].item<float>() == 4);
  parameters[1].mutable_grad()[0] = INFINITY;
  CHECK(std::isinf(clip_gradients(parameters, 1.0)));
  CHECK(parameters[0].grad()[0].item<float>() == 3);
}

}  // namespace adaptune
