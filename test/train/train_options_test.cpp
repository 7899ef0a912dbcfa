#include "train/train_options.h"

#include "core/error.h"
#include "train/schedule.h"

#include "catch.h"

namespace adaptune {
namespace {

// Of a section, or of what a section above it left.
TrainOptions read_section(ConfigNode section, TrainOptions options = {}) {
  read_train_options(section, options);
  drop_idle_options(section, options);
  return options;
}

TrainOptions options_of(const std::string& text) {
  auto document = ConfigDocument::parse("train:\n" + text, "c.yaml");
  const auto options = read_section(document.root().child("train"));
  document.finish();
  return options;
}

struct Suite {
  TrainOptions train;
  std::vector<TrainOptions> tasks;
};

// A run's section, and those of tasks read over it; the first is judged by them.
Suite suite_of(const std::string& text) {
  auto document = ConfigDocument::parse(text, "c.yaml");
  Suite suite;
  read_train_options(document.root().child("train"), suite.train);
  for (auto& [name, node] : document.root().child("tasks").entries())
    suite.tasks.push_back(read_section(node.child("train"), suite.train));
  std::vector<const TrainOptions*> trainings;
  for (const auto& task : suite.tasks) trainings.push_back(&task);
  drop_idle_options(document.root().child("train"), suite.train, trainings);
  document.finish();
  return suite;
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
      "  head_weight_decay: 0.01\n"
      "  adam_beta1: 0.5\n"
      "  adam_epsilon: 1e-3\n"
      "  early_stopping_threshold: 0.02\n"
      "  per_device_eval_batch_size: 7\n");
  CHECK(options.adam_beta1 == 0.5);
  CHECK(options.adam_epsilon == 1e-3);
  CHECK(options.early_stopping_threshold == 0.02);
  CHECK(options.per_device_eval_batch_size == 7);
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
  const auto task = suite_of(
                        "train: {eval_strategy: steps, eval_steps: 7}\n"
                        "tasks: {a: {train: {eval_strategy: epoch}}}")
                        .tasks.front();
  CHECK(task.eval_strategy == "epoch");
  CHECK_FALSE(task.eval_steps);
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

TEST_CASE("keys of Hugging Face without a counterpart are answered, not guessed at") {
  using Catch::Contains;
  CHECK_THAT(error_of("  fp16: true\n"),
             Contains("unknown key 'fp16' in 'train'") && Contains("write bf16: true"));
  CHECK_THAT(error_of("  label_smoothing_factor: 0.1\n"), Contains("losses are plain cross-entropy"));
  CHECK_THAT(error_of("  dataloader_num_workers: 4\n"), Contains("not needed: all cores read the data"));
  CHECK_THAT(error_of("  full_determinism: true\n"), Contains("the same seed gives the same bits"));
  CHECK_THAT(error_of("  ddp_timeout: 1800\n"), Contains("not needed: a training is one process"));
  auto elsewhere = ConfigDocument::parse("data: {fp16: true}", "c.yaml");
  TrainOptions options;
  read_train_options(elsewhere.root().child("train"), options);
  elsewhere.root().child("data");
  CHECK_THROWS_WITH(elsewhere.finish(),
                    Contains("unknown key 'fp16' in 'data'") && !Contains("write bf16: true"));
}

TEST_CASE("numbers of another optimizer, and a second word on the warm-up, are refused") {
  using Catch::Contains;
  CHECK_THAT(error_of("  momentum: 0.8\n"),
             Contains("c.yaml:2:13: error: 'momentum' has no effect with optim "
                      "'adamw_torch'") &&
                 Contains("optim: sgd"));
  CHECK_THAT(error_of("  optim: sgd\n  adam_beta2: 0.8\n"),
             Contains("c.yaml:3:15: error: 'adam_beta2' has no effect with optim 'sgd'"));
  CHECK_THAT(error_of("  warmup_steps: 3\n  warmup_ratio: 0.1\n"),
             Contains("c.yaml:3:17: error: 'warmup_ratio' has no effect beside 'warmup_steps'") &&
                 Contains("leave one of them out"));
  CHECK(options_of("  optim: sgd\n  momentum: 0.8\n").momentum == 0.8);
}

TEST_CASE("a task's optimizer and warm-up do away with the suite's") {
  const auto task_options = [](const std::string& suite, const std::string& task) {
    return suite_of("train: " + suite + "\ntasks: {a: {train: " + task + "}}\n").tasks.front();
  };
  const auto adam = task_options("{optim: sgd, momentum: 0.8}", "{optim: adamw_bert}");
  CHECK_FALSE(adam.momentum);
  CHECK(optimizer_numbers(adam).epsilon == 1e-6);
  const auto ratio = task_options("{warmup_steps: 5}", "{warmup_ratio: 0.1}");
  CHECK_FALSE(ratio.warmup_steps);
  CHECK(ratio.warmup_ratio == 0.1);
  const auto steps = task_options("{warmup_ratio: 0.1}", "{warmup_steps: 5}");
  CHECK(steps.warmup_steps == 5);
  CHECK_FALSE(steps.warmup_ratio);
}

TEST_CASE("a rate that falls at milestones begins at once and is not stopped early") {
  const auto options = options_of("  lr_scheduler_type: multistep\n  lr_milestones: [80, 100]\n");
  CHECK_FALSE(options.early_stopping_patience);
  CHECK(warmup_steps(options, 100) == 0);
  const auto own = options_of(
      "  lr_scheduler_type: multistep\n  lr_milestones: [80]\n  early_stopping_patience: 3\n  warmup_ratio: "
      "0.1\n");
  CHECK(own.early_stopping_patience == 3);
  CHECK(warmup_steps(own, 100) == 10);
  CHECK(options_of("  seed: 1\n").early_stopping_patience == 3);
  CHECK(warmup_steps(options_of("  seed: 1\n"), 100) == 6);
}

TEST_CASE("a suite may say what only its tasks have a use for") {
  using Catch::Contains;
  const auto sgd = suite_of(
      "train: {momentum: 0.8}\n"
      "tasks: {a: {train: {optim: sgd}}, b: {train: {optim: sgd, momentum: 0.7}}, c: {train: {}}}\n");
  CHECK(sgd.tasks[0].momentum == 0.8);
  CHECK(sgd.tasks[1].momentum == 0.7);
  CHECK_FALSE(sgd.tasks[2].momentum);
  const auto steps = suite_of(
      "train: {lr_milestones: [2], eval_steps: 7}\n"
      "tasks: {a: {train: {eval_strategy: steps}}, b: {train: {lr_scheduler_type: multistep}}}\n");
  CHECK(steps.tasks[0].eval_steps == 7);
  CHECK(steps.tasks[0].lr_milestones.empty());
  CHECK(steps.tasks[1].lr_milestones == std::vector<int64_t>{2});
  CHECK_FALSE(steps.tasks[1].eval_steps);
  CHECK_THROWS_WITH(
      suite_of("train: {momentum: 0.8}\ntasks: {a: {train: {seed: 1}}, b: {train: {optim: adamw_bert}}}\n"),
      Contains("c.yaml:1:19: error: 'momentum' has no effect with optim 'adamw_torch'") &&
          Contains("\n1 error;"));
}

TEST_CASE("a number that would hold anyway is no wish") {
  const auto sgd = options_of("  optim: sgd\n  adam_beta1: 0.9\n  adam_epsilon: 1e-6\n  momentum: 0.9\n");
  CHECK_FALSE(sgd.adam_beta1);
  CHECK_FALSE(sgd.adam_epsilon);
  CHECK(options_of("  momentum: 0.9\n").optim == "adamw_torch");
  CHECK_FALSE(options_of("  warmup_ratio: 0.06\n  warmup_steps: 3\n").warmup_ratio);
  CHECK(options_of("  warmup_ratio: 0.06\n  warmup_steps: 3\n").warmup_steps == 3);
  // A task's word counts all the same.
  const auto task =
      suite_of("train: {warmup_steps: 5}\ntasks: {a: {train: {warmup_ratio: 0.06}}}\n").tasks[0];
  CHECK(task.warmup_ratio == 0.06);
  CHECK_FALSE(task.warmup_steps);
}

TEST_CASE("the optimizer's numbers are written out, those of others explained") {
  using Catch::Contains;
  const auto resolved = [](const std::string& text) {
    auto document = ConfigDocument::parse(text);
    TrainOptions options;
    read_train_options(document.root(), options);
    document.finish();
    return document.explained();
  };
  for (const std::string text : {"", "optim: adamw_bert", "optim: sgd", "warmup_steps: 3"}) {
    INFO(text);
    CHECK(resolved(resolved(text)) == resolved(text));
  }
  CHECK_THAT(resolved(""), Contains("adam_epsilon: 1e-8\n") && Contains("momentum: null  # of sgd\n") &&
                               Contains("warmup_ratio: 0.06\nwarmup_steps: null  # warmup_ratio says it\n"));
  CHECK_THAT(resolved("optim: adamw_bert"), Contains("adam_epsilon: 1e-6\n"));
  CHECK_THAT(resolved("optim: sgd"),
             Contains("momentum: 0.9\n") && Contains("adam_beta1: null  # of adamw_torch\n"));
}

}  // namespace adaptune
