#include "core/sample_config.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("absent keys keep the defaults") {
  CHECK(sample_of("model: m").train == SampleTrain());
  CHECK(sample_of("model: m\ntrain:\nadapter: ~\n").adapter == SampleAdapter());
}

TEST_CASE("every type is read from its text") {
  const auto train = sample_of(
                         "model: m\n"
                         "train:\n"
                         "  learning_rate: 5e-5\n"
                         "  warmup_ratio: 0\n"
                         "  weight_decay: +.5\n"
                         "  num_train_epochs: '-3'\n"
                         "  per_device_train_batch_size: +64\n"
                         "  optim: \"sgd\"\n"
                         "  bf16: true\n"
                         "  max_grad_norm: null\n"
                         "  max_steps: 9223372036854775807\n"
                         "  report_to: tensorboard\n"
                         "  greater_is_better: false\n")
                         .train;
  CHECK(train.learning_rate == 5e-5);
  CHECK(train.warmup_ratio == 0.0);
  CHECK(train.weight_decay == 0.5);
  CHECK(train.num_train_epochs == -3);
  CHECK(train.per_device_train_batch_size == 64);
  CHECK(train.optim == "sgd");
  CHECK(train.bf16);
  CHECK_FALSE(train.max_grad_norm);
  CHECK(train.max_steps == INT64_MAX);
  CHECK(train.report_to == "tensorboard");
  CHECK(train.greater_is_better == false);
}

TEST_CASE("scalars stay text until a type is asked for") {
  const auto config = sample_of(
      "model: 007\ntasks: {no: {type: true, source_lang: no, labels: [no, 1.50, null_, 2024-01-01]}}");
  CHECK(config.model == "007");
  CHECK(config.tasks[0].first == "no");
  CHECK(config.tasks[0].second.type == "true");
  CHECK(config.tasks[0].second.source_lang == "no");
  CHECK(config.tasks[0].second.labels == std::vector<std::string>{"no", "1.50", "null_", "2024-01-01"});
}

TEST_CASE("a scalar is a list of one") {
  const auto task =
      sample_of("model: m\ntasks: {q: {type: x, labels: only, lr_milestones: 80}}").tasks[0].second;
  CHECK(task.labels == std::vector<std::string>{"only"});
  CHECK(task.milestones == std::vector<double>{80});
  CHECK(sample_of("model: m\ntasks: {q: {type: x, labels: []}}").tasks[0].second.labels.empty());
}

TEST_CASE("layers are all, one, or a list with ranges") {
  const auto layers = [](const std::string& text) {
    return sample_of("model: m\nadapter: {layers: " + text + "}").adapter.layers;
  };
  using Layers = std::vector<int64_t>;
  CHECK_FALSE(layers("all"));
  CHECK_FALSE(layers("null"));
  CHECK(layers("3") == Layers{3});
  CHECK(layers("0-3") == Layers{0, 1, 2, 3});
  CHECK(layers("[0-5, 11]") == Layers{0, 1, 2, 3, 4, 5, 11});
  CHECK(layers("[11, 0-1, 4-4]") == Layers{11, 0, 1, 4});
  CHECK(layers("[]") == Layers{});
  CHECK(sample_of("model: m\nadapter: {leave_out: [0-1, 9]}").adapter.leave_out == Layers{0, 1, 9});
}

TEST_CASE("a number by name is one number, or replaces all but the default") {
  const auto factors = [](const std::string& text) {
    return sample_of("model: m\nadapter: {reduction_factor: " + text + "}").adapter.reduction_factor;
  };
  using Factors = std::map<std::string, double>;
  CHECK(factors("8") == Factors{{"default", 8}});
  CHECK(factors("{default: 2, 11: 4}") == Factors{{"default", 2}, {"11", 4}});
  CHECK(factors("{11: 4}") == Factors{{"default", 16}, {"11", 4}});
}

TEST_CASE("a second section over a filled struct overrides key by key") {
  auto document = ConfigDocument::parse("a: {learning_rate: 0.5, bf16: true}\nb: {learning_rate: 0.25}");
  SampleTrain train;
  read(document.root().child("a"), train);
  read(document.root().child("b"), train);
  document.finish();
  CHECK(train.learning_rate == 0.25);
  CHECK(train.bf16);
}

TEST_CASE("a wrong value leaves the field alone") {
  auto document = ConfigDocument::parse("learning_rate: -1\nbf16: maybe\nmax_grad_norm: x");
  SampleTrain train;
  read(document.root(), train);
  CHECK(train == SampleTrain());
  CHECK_FALSE(document.ok());
}

TEST_CASE("nodes know what they are") {
  auto document = ConfigDocument::parse("m: {x: 1}\ns: [1, {y: 2}]\nt: text\nn: null\n");
  auto root = document.root();
  CHECK(root.is_mapping());
  CHECK(root.child("m").is_mapping());
  CHECK(root.child("s").is_sequence());
  CHECK(root.child("t").is_scalar());
  CHECK(root.child("t").scalar() == "text");
  CHECK(root.child("m").scalar().empty());
  CHECK_FALSE(root.child("n").defined());
  CHECK_FALSE(root.child("none").defined());
  CHECK(root.has("n"));
  CHECK_FALSE(root.has("none"));
  CHECK(root.child("s").items().size() == 2);
  CHECK(root.child("t").items().size() == 1);
  CHECK(root.child("m").items().size() == 1);
  CHECK(root.child("none").items().empty());
  CHECK(root.child("m").entries().size() == 1);
  CHECK(root.child("s").items()[1].entries()[0].first == "y");
  CHECK(document.ok());
}

TEST_CASE("looking for a key does not make it known") {
  auto document = ConfigDocument::parse("a: 1");
  CHECK(document.root().has("a"));
  CHECK_THROWS_AS(document.finish(), UsageError);
}

TEST_CASE("a section may be written as one scalar") {
  CHECK(sample_of("model: m\nadapter: lora").adapter.config == "lora");
  CHECK(sample_of("model: m\nadapter: {config: lora}").adapter.config == "lora");
}

TEST_CASE("a check of one's own gets the value and its text stands in the message") {
  auto document = ConfigDocument::parse("even: 3", "c.yaml");
  int64_t even = 2;
  document.root().read("even", even, [](const int64_t& value) -> std::optional<std::string> {
    if (value % 2 == 0) return std::nullopt;
    return "must be even";
  });
  CHECK(even == 2);
  CHECK_THROWS_WITH(document.finish(),
                    Catch::StartsWith("c.yaml:1:7: error: 'even' must be even, got '3'\n"));
}

}  // namespace adaptune
