#include "train/train_options.h"

#include "core/error.h"

#include "catch.h"

namespace adaptune {
namespace {

TrainOptions options_of(const std::string& text) {
  auto document = ConfigDocument::parse("train:\n" + text, "c.yaml");
  TrainOptions options;
  read_train_options(document.root().child("train"), options);
  document.finish();
  return options;
}

std::string error_of(const std::string& text) {
  try {
    options_of(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("training options are read by Hugging Face's names") {
  const auto options = options_of(
      "  learning_rate: 5e-5\n"
      "  max_steps: 100\n"
      "  max_grad_norm: null\n"
      "  optim: adamw_bert\n"
      "  eval_strategy: steps\n"
      "  eval_steps: 20\n"
      "  save_steps: null\n"
      "  early_stopping_patience: null\n"
      "  report_to: tensorboard\n"
      "  backbone_dropout: false\n"
      "  head_weight_decay: 0.01\n");
  CHECK(options.learning_rate == 5e-5);
  CHECK(options.max_steps == 100);
  CHECK_FALSE(options.max_grad_norm);
  CHECK(options.eval_steps == 20);
  CHECK_FALSE(options.save_steps);
  CHECK_FALSE(options.early_stopping_patience);
  CHECK(options.report_to == std::vector<std::string>{"tensorboard"});
  CHECK(options.backbone_dropout == false);
  CHECK(options.head_weight_decay == 0.01);
  CHECK_FALSE(options.adapter_weight_decay);
}

TEST_CASE("resolved training options read back the same") {
  auto document = ConfigDocument::parse("train: {eval_strategy: steps, eval_steps: 7}");
  TrainOptions options;
  read_train_options(document.root().child("train"), options);
  document.finish();
  auto again = ConfigDocument::parse(document.resolved());
  TrainOptions read;
  read_train_options(again.root().child("train"), read);
  again.finish();
  CHECK(read.eval_steps == 7);
  auto defaults = ConfigDocument::parse("train: {}");
  TrainOptions usual;
  read_train_options(defaults.root().child("train"), usual);
  CHECK_NOTHROW([&] {
    auto resolved = ConfigDocument::parse(defaults.resolved());
    TrainOptions options;
    read_train_options(resolved.root().child("train"), options);
    resolved.finish();
  }());
}

TEST_CASE("a task's strategy may differ from the suite's") {
  auto document = ConfigDocument::parse(
      "train: {eval_strategy: steps, eval_steps: 7}\ntask: {train: {eval_strategy: epoch}}");
  TrainOptions options;
  read_train_options(document.root().child("train"), options);
  read_train_options(document.root().child("task").child("train"), options);
  CHECK_NOTHROW(document.finish());
  CHECK(options.eval_strategy == "epoch");
  CHECK_FALSE(options.eval_steps);
}

TEST_CASE("what is wrong in the suite is not told again for a task that does not say it") {
  auto document = ConfigDocument::parse(
      "train: {eval_strategy: steps, report_to: none, save_steps: null, save_strategy: steps}\n"
      "task: {train: {seed: 1}}\n");
  TrainOptions options;
  read_train_options(document.root().child("train"), options);
  read_train_options(document.root().child("task").child("train"), options);
  CHECK_THROWS_WITH(document.finish(), Catch::EndsWith("3 errors; nothing was run"));
}

TEST_CASE("training options out of range are named") {
  using Catch::Contains;
  CHECK_THAT(error_of("  learning_rate: 0\n"), Contains("c.yaml:2:18") && Contains("must be a number > 0"));
  CHECK_THAT(error_of("  per_device_train_batch_size: 0\n"), Contains("must be an integer ≥ 1"));
  CHECK_THAT(error_of("  warmup_ratio: 6\n"), Contains("from 0 to 1"));
  CHECK_THAT(error_of("  adam_beta2: 1\n"), Contains("must be a number ≥ 0 and < 1"));
  CHECK_THAT(error_of("  max_grad_norm: 0\n"), Contains("null for no clipping"));
  CHECK_THAT(error_of("  optim: adam\n"), Contains("known: adamw_torch adamw_bert sgd"));
  CHECK_THAT(error_of("  lr_scheduler_type: cosin\n"), Contains("did you mean 'cosine'?"));
  CHECK_THAT(error_of("  report_to: wandb\n"), Contains("'wandb' is not known; 'tensorboard' is"));
}

TEST_CASE("the best model's metric may have Hugging Face's prefix") {
  CHECK(options_of("  metric_for_best_model: eval_loss\n").metric_for_best_model == "loss");
  CHECK(options_of("  metric_for_best_model: eval_f1\n").metric_for_best_model == "f1");
  CHECK_THAT(error_of("  metric_for_best_model: eval_acuracy\n"),
             Catch::Contains("did you mean 'accuracy'?"));
}

TEST_CASE("checkpoints may be kept without a limit") {
  CHECK_FALSE(options_of("  save_total_limit: null\n").save_total_limit);
  CHECK(options_of("  save_total_limit: 1\n").save_total_limit == 1);
}

TEST_CASE("strategies need their steps and the other way round") {
  using Catch::Contains;
  CHECK_THAT(error_of("  eval_strategy: steps\n"), Contains("needs `eval_steps`"));
  CHECK_THAT(error_of("  eval_steps: 10\n"), Contains("no effect with eval_strategy 'epoch'"));
  CHECK_THAT(error_of("  save_strategy: steps\n  save_steps: null\n"), Contains("needs `save_steps`"));
}

TEST_CASE("other tools' names are hinted at") {
  using Catch::Contains;
  CHECK_THAT(error_of("  lr: 1e-4\n"), Contains("did you mean 'learning_rate'?"));
  CHECK_THAT(error_of("  epochs: 3\n"), Contains("did you mean 'num_train_epochs'?"));
  CHECK_THAT(error_of("  batch_size: 3\n"), Contains("did you mean 'per_device_train_batch_size'?"));
  CHECK_THAT(error_of("  patience: 3\n"), Contains("did you mean 'early_stopping_patience'?"));
}

}  // namespace adaptune
