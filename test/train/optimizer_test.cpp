#include "train/optimizer.h"

#include <torch/torch.h>

#include <cmath>

#include "core/error.h"
#include "train/small_training.h"

#include "catch.h"

namespace adaptune {
namespace {

using torch::Tensor;

std::vector<Tensor> random_parameters() {
  torch::manual_seed(3);
  std::vector<Tensor> parameters;
  for (const auto& shape : {std::vector<int64_t>{7, 33}, {65}, {1}, {3, 4, 5}}) {
    parameters.push_back(at::randn(shape).set_requires_grad(true));
  }
  return parameters;
}

Optimizer optimizer_of(const std::vector<Tensor>& parameters, const TrainOptions& options) {
  ParameterGroup group;
  group.weight_decay = options.weight_decay;
  for (const auto& parameter : parameters) {
    group.parameters.emplace_back("p" + std::to_string(group.parameters.size()), parameter);
  }
  return Optimizer(make_update_rule(options), {group});
}

void set_gradients(const std::vector<Tensor>& parameters, int64_t step) {
  torch::manual_seed(static_cast<uint64_t>(100 + step));
  for (auto parameter : parameters) parameter.mutable_grad() = at::randn(parameter.sizes());
}

// Trains two copies for 20 steps and returns the largest difference.
double largest_difference(const TrainOptions& options, const std::function<void(double)>& their_step,
                          const std::vector<Tensor>& theirs) {
  const auto ours = random_parameters();
  Optimizer optimizer = optimizer_of(ours, options);
  double largest = 0;
  for (int64_t step = 0; step < 20; ++step) {
    const double learning_rate = 1e-2 / static_cast<double>(1 + step);
    set_gradients(ours, step);
    set_gradients(theirs, step);
    optimizer.step(learning_rate);
    their_step(learning_rate);
    for (size_t i = 0; i < ours.size(); ++i) {
      largest = std::max(largest, (ours[i] - theirs[i]).abs().max().item<double>());
    }
  }
  return largest;
}

}  // namespace

TEST_CASE("adamw_torch is torch.optim.AdamW") {
  TrainOptions options;
  options.weight_decay = GENERATE(0.0, 0.1);
  const auto theirs = random_parameters();
  torch::optim::AdamW adamw(theirs, torch::optim::AdamWOptions(1).weight_decay(options.weight_decay));
  const auto step = [&](double learning_rate) {
    static_cast<torch::optim::AdamWOptions&>(adamw.param_groups()[0].options()).lr(learning_rate);
    adamw.step();
  };
  CHECK(largest_difference(options, step, theirs) < 5e-7);
}

TEST_CASE("sgd is torch.optim.SGD") {
  TrainOptions options;
  options.optim = "sgd";
  options.momentum = GENERATE(0.0, 0.9);
  options.weight_decay = 0.05;
  const auto theirs = random_parameters();
  torch::optim::SGD sgd(theirs, torch::optim::SGDOptions(1).momentum(*options.momentum).weight_decay(0.05));
  const auto step = [&](double learning_rate) {
    static_cast<torch::optim::SGDOptions&>(sgd.param_groups()[0].options()).lr(learning_rate);
    sgd.step();
  };
  CHECK(largest_difference(options, step, theirs) < 5e-7);
}

TEST_CASE("adamw_bert follows BERT's formula") {
  TrainOptions options;
  options.optim = "adamw_bert";
  options.weight_decay = 0.01;
  const auto theirs = random_parameters();
  std::vector<Tensor> m, v;
  for (const auto& p : theirs) {
    m.push_back(at::zeros_like(p, torch::kFloat64));
    v.push_back(at::zeros_like(p, torch::kFloat64));
  }
  const auto step = [&](double learning_rate) {
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < theirs.size(); ++i) {
      const Tensor g = theirs[i].grad().to(torch::kFloat64), p = theirs[i].to(torch::kFloat64);
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      theirs[i].copy_(p - learning_rate * (m[i] / (v[i].sqrt() + 1e-6) + 0.01 * p));
    }
  };
  CHECK(largest_difference(options, step, theirs) < 1e-6);
}

TEST_CASE("adam_beta1 and adam_epsilon are those of the formula") {
  const std::string optim = GENERATE("adamw_torch", "adamw_bert");
  const auto after_two = [&](double beta1, double epsilon) {
    TrainOptions options;
    options.optim = optim;
    options.adam_beta1 = beta1;
    options.adam_epsilon = epsilon;
    const std::vector<Tensor> parameters = {at::tensor({1.0F, -2.0F, 0.5F}).set_requires_grad(true)};
    Optimizer optimizer = optimizer_of(parameters, options);
    for (int64_t step = 0; step < 2; ++step) {
      set_gradients(parameters, step);
      optimizer.step(0.1);
    }
    return parameters[0].detach().to(torch::kFloat64);
  };
  const auto formula = [&](double beta1, double epsilon) {
    const std::vector<Tensor> gradient_of = {at::zeros({3})};
    Tensor p = at::tensor({1.0, -2.0, 0.5}, torch::kFloat64), m = at::zeros_like(p), v = at::zeros_like(p);
    for (int64_t step = 0; step < 2; ++step) {
      set_gradients(gradient_of, step);
      const Tensor g = gradient_of[0].grad().to(torch::kFloat64);
      m = beta1 * m + (1 - beta1) * g;
      v = 0.999 * v + 0.001 * g * g;
      const bool corrects = optim == "adamw_torch";
      const auto updates = static_cast<double>(step + 1);
      const Tensor mean = corrects ? m / (1 - std::pow(beta1, updates)) : m;
      const Tensor square = corrects ? v / (1 - std::pow(0.999, updates)) : v;
      p = p - 0.1 * mean / (square.sqrt() + epsilon);
    }
    return p;
  };
  for (const auto& [beta1, epsilon] : {std::pair{0.5, 1e-8}, {0.9, 0.3}, {0.0, 0.05}}) {
    CHECK(at::allclose(after_two(beta1, epsilon), formula(beta1, epsilon), 1e-5, 1e-6));
    CHECK_FALSE(at::allclose(after_two(beta1, epsilon), after_two(0.9, 1e-8), 1e-3, 1e-3));
  }
}

TEST_CASE("an update shows in the version of a parameter") {
  TrainOptions options;
  options.optim = GENERATE("adamw_torch", "adamw_bert", "sgd");
  const auto parameters = random_parameters();
  Optimizer optimizer = optimizer_of(parameters, options);
  set_gradients(parameters, 0);
  const auto before = parameters[0]._version();
  optimizer.step(0.1);
  CHECK(parameters[0]._version() > before);
}

TEST_CASE("an unknown optimizer is refused") {
  TrainOptions options;
  options.optim = "lion";
  CHECK_THROWS_AS(make_update_rule(options), UsageError);
}

TEST_CASE("a parameter without a gradient is left alone and named") {
  const auto parameters = random_parameters();
  Optimizer optimizer = optimizer_of(parameters, {});
  set_gradients(parameters, 0);
  parameters[1].mutable_grad() = Tensor();
  const Tensor before = parameters[1].detach().clone();
  optimizer.step(0.1);
  CHECK(at::equal(parameters[1], before));
  CHECK(optimizer.without_gradient() == std::vector<std::string>{"p1"});
  CHECK(optimizer.state().at("step.p1").item<float>() == 0);
  CHECK(optimizer.state().at("step.p0").item<float>() == 1);
  optimizer.clear_gradients();
  CHECK(optimizer.without_gradient().size() == 4);
}

TEST_CASE("a loaded state goes on as if nothing had happened") {
  TrainOptions options;
  options.optim = GENERATE("adamw_torch", "adamw_bert", "sgd");
  const auto one = random_parameters(), two = random_parameters();
  Optimizer first = optimizer_of(one, options), second = optimizer_of(two, options);
  set_gradients(one, 0);
  first.step(0.1);
  TensorMap saved;
  for (const auto& [name, tensor] : first.state()) saved.emplace(name, tensor.clone());
  second.load_state(saved, "optimizer");
  {
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < one.size(); ++i) two[i].copy_(one[i]);
  }
  set_gradients(one, 1);
  set_gradients(two, 1);
  first.step(0.1);
  second.step(0.1);
  for (size_t i = 0; i < one.size(); ++i) CHECK(at::equal(one[i], two[i]));
}

TEST_CASE("a state of other parameters is refused by name") {
  const auto parameters = random_parameters();
  Optimizer optimizer = optimizer_of(parameters, {});
  TensorMap state = optimizer.state();
  state.erase("exp_avg.p2");
  state["exp_avg.p3"] = at::zeros({1});
  state["exp_avg.p9"] = at::zeros({1});
  using Catch::Contains;
  try {
    optimizer.load_state(state, "optimizer.safetensors");
    FAIL("accepted");
  } catch (const InputError& error) {
    CHECK_THAT(error.what(), Contains("missing     exp_avg.p2") && Contains("misshaped   exp_avg.p3") &&
                                 Contains("unexpected  exp_avg.p9"));
  }
}

namespace {

// Names of the parameters that decay by `rate`.
std::vector<std::string> decaying(const TaskModel& model, const TrainOptions& options, double rate) {
  std::vector<std::string> names;
  for (const auto& group : parameter_groups(model, options)) {
    if (group.weight_decay != rate) continue;
    for (const auto& [name, parameter] : group.parameters) names.push_back(name);
  }
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_CASE("matrices decay, biases and norms do not") {
  TrainOptions options;
  options.weight_decay = 0.1;
  options.head_weight_decay = 0.2;
  const SmallModel small("houlsby");
  const auto adapters = decaying(*small.model, options, 0.1), head = decaying(*small.model, options, 0.2);
  CHECK(contains(adapters, "encoder/0/ffn/residual.down.weight"));
  CHECK_FALSE(contains(adapters, "encoder/0/ffn/residual.down.bias"));
  CHECK(head == std::vector<std::string>{"head.1.weight"});
  const auto undecayed = decaying(*small.model, options, 0);
  CHECK(contains(undecayed, "head.1.bias"));
  CHECK(contains(undecayed, "encoder/layer/0/output/LayerNorm/weight"));
  options.adapter_weight_decay = 0.3;
  CHECK(decaying(*small.model, options, 0.3) == adapters);
  CHECK(adapters.size() + head.size() + undecayed.size() == small.model->trainable().size());
}

TEST_CASE("with wd_parity everything decays as the adapters do") {
  SmallModel small;
  TrainOptions options;
  options.adapter_weight_decay = 0.3;
  options.head_weight_decay = 0.2;
  options.wd_parity = true;
  const auto groups = parameter_groups(*small.model, options);
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].weight_decay == 0.3);
  CHECK(groups[0].parameters.size() == small.model->trainable().size());
}

TEST_CASE("a fusion's value matrix never decays") {
  TrainOptions options;
  options.weight_decay = 0.1;
  const SmallModel small([](Backbone& backbone) { return small_fusion(backbone); },
                         SmallModel::two_classes());
  const auto names = decaying(*small.model, options, 0.1);
  CHECK(contains(names, "encoder/0/ffn/residual.query.weight"));
  CHECK_FALSE(contains(names, "encoder/0/ffn/residual.value.weight"));
  CHECK(contains(decaying(*small.model, options, 0), "encoder/0/ffn/residual.value.weight"));
}

}  // namespace adaptune
