#include "train/trainer.h"

#include <ATen/record_function.h>
#include <torch/torch.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include <fstream>

#include "adapter/drop.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "report/scratch_folder.h"
#include "train/checkpoint.h"
#include "train/small_training.h"

#include "catch.h"

namespace adaptune {
namespace {

using nlohmann::json;

std::vector<json> lines_of(const std::filesystem::path& file) {
  std::vector<json> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

std::string error_of(const std::function<void()>& action, ExitCode code) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  return "";
}

// An adapter whose loss becomes NaN while `poisoned` says so.
struct PoisonedHead {
  explicit PoisonedHead(SmallModel& small)
      : weight(small.head->parameters()[0]), healthy(weight.detach().clone()) {}
  void poison() { fill(at::full_like(healthy, NAN)); }
  void heal() { fill(healthy); }
  void fill(const torch::Tensor& values) {
    const torch::NoGradGuard no_grad;
    weight.copy_(values);
  }
  torch::Tensor weight, healthy;
};

// Layer norms that this thread computes meanwhile: the same number in every pass through the network.
class NormCount {
 public:
  NormCount() {
    count_ = 0;
    handle_ =
        at::addThreadLocalCallback(at::RecordFunctionCallback([](const at::RecordFunction& function)
                                                                  -> std::unique_ptr<at::ObserverContext> {
                                     count_ += function.name() == std::string_view("aten::native_layer_norm");
                                     return nullptr;
                                   }).scopes({at::RecordScope::FUNCTION}));
  }
  ~NormCount() { at::removeCallback(handle_); }
  NormCount(const NormCount&) = delete;
  NormCount& operator=(const NormCount&) = delete;
  static int64_t calls() { return count_; }

 private:
  static inline thread_local int64_t count_ = 0;
  at::CallbackHandle handle_;
};

}  // namespace

TEST_CASE("steps are counted over whole batches of accumulated rows") {
  TrainOptions options;
  options.num_train_epochs = 3;
  CHECK(total_steps(options, 65) == 9);
  options.gradient_accumulation_steps = 2;
  CHECK(total_steps(options, 65) == 6);
  options.max_steps = 5;
  CHECK(total_steps(options, 65) == 5);
}

TEST_CASE("training learns, reports every step and leaves its records") {
  const ScratchFolder folder("trainer_learns");
  SmallModel small("full");
  SmallJob small_job(folder.path, /*epochs=*/8);
  small_job.job.options.early_stopping_patience.reset();
  small_job.job.options.report_to = {"tensorboard"};
  std::vector<TrainProgress> steps;
  std::vector<EvalProgress> evaluations;
  TrainingObserver observer;
  observer.step = [&](const TrainProgress& progress) { steps.push_back(progress); };
  observer.evaluated = [&](const EvalProgress& progress) { evaluations.push_back(progress); };
  const auto outcome = run_training(*small.model, small_job.job, observer);

  CHECK(outcome.steps == 40);
  CHECK(outcome.ended.empty());
  CHECK_FALSE(outcome.stopped_by);
  CHECK(outcome.metric == "accuracy");
  CHECK(*outcome.score > 0.7);
  REQUIRE(steps.size() == 40);
  CHECK(steps[39].total_steps == 40);
  CHECK(steps[39].epoch == 8);
  CHECK(*steps[39].loss < *steps[0].loss);
  CHECK(*steps[39].memory_gib > 0);
  CHECK(*steps[39].remaining_seconds == 0);
  REQUIRE(evaluations.size() == 8);
  CHECK(evaluations[0].step == 5);
  CHECK(evaluations[0].best);
  CHECK(evaluations[0].scores[0].first == "loss");

  const auto lines = lines_of(folder.path / "metrics.jsonl");
  CHECK(lines.size() == 20 + 8);
  CHECK(lines[0]["step"] == 2);
  CHECK(lines[0].contains("lr"));
  CHECK(lines[0].contains("grad_norm"));
  CHECK(lines.back()["eval_accuracy"].is_number());
  CHECK_FALSE(std::filesystem::is_empty(folder.path / "tb"));
  CHECK(std::filesystem::is_symlink(folder.path / "checkpoints" / "best"));
}

TEST_CASE("the best parameters are in the model at the end") {
  const ScratchFolder folder("trainer_best");
  SmallModel small;
  SmallJob small_job(folder.path, /*epochs=*/6);
  small_job.job.options.learning_rate = 0.05;
  small_job.job.options.early_stopping_patience.reset();
  const auto outcome = run_training(*small.model, small_job.job, {});
  const EvaluationSettings settings;
  const auto again = evaluate(*small.model, small_job.validation, {"accuracy"}, settings);
  CHECK(again.scores[0].second == outcome.score);
  const auto best = read_safetensors(folder.path / "checkpoints" / "best" / "adapter.safetensors");
  CHECK(equal_bits(best, parameter_map(*small.attachment)));
}

TEST_CASE("training stops early when the score does not improve") {
  const ScratchFolder folder("trainer_early");
  SmallModel small("head_only");
  SmallJob small_job(folder.path, /*epochs=*/50);
  small_job.job.options.learning_rate = 1e-12;
  small_job.job.options.early_stopping_patience = 2;
  const auto outcome = run_training(*small.model, small_job.job, {});
  CHECK(outcome.steps == 15);
  CHECK(outcome.step == 5);
  CHECK(outcome.epoch == 1);
  CHECK(outcome.ended == "stopped early: accuracy did not improve for 2 evaluations");
}

TEST_CASE("a gain up to early_stopping_threshold counts as none") {
  SmallJob small_job("", /*epochs=*/6);
  auto& job = small_job.job;
  job.options.metric_for_best_model = "loss";
  job.options.early_stopping_patience = 2;
  job.options.learning_rate = 1e-3;  // falls at every evaluation, little by little
  job.validation = &small_job.train;
  const auto steps = [&](double threshold) {
    const ScratchFolder folder("trainer_threshold");
    job.folder = folder.path;
    job.options.early_stopping_threshold = threshold;
    SmallModel small("head_only");
    return run_training(*small.model, job, {}).steps;
  };
  CHECK(steps(0) == 30);
  CHECK(steps(10) == 15);  // the first evaluation, and two that gain less
}

TEST_CASE("per_device_eval_batch_size divides an evaluation and changes no score") {
  SmallJob small_job("");
  auto& job = small_job.job;
  const auto trained = [&](int64_t rows) {
    const ScratchFolder folder("trainer_eval_rows");
    job.folder = folder.path;
    job.options.per_device_eval_batch_size = rows;
    SmallModel small;
    const NormCount count;
    const auto outcome = run_training(*small.model, job, {});
    return std::pair(outcome.score, count.calls());
  };
  int64_t of_pass = 0;
  {
    SmallModel small;
    const NormCount count;
    evaluate(*small.model, small_job.validation, {}, {.batch_size = 20});
    of_pass = count.calls();
  }
  REQUIRE(of_pass > 0);
  const auto [whole_score, whole] = trained(20);
  const auto [score, divided] = trained(5);
  CHECK(score == whole_score);
  CHECK(divided - whole == of_pass * 2 * 3);  // two evaluations of 4 passes instead of 1
}

TEST_CASE("the loss may choose the best, and evaluations may go by steps") {
  const ScratchFolder folder("trainer_loss");
  SmallModel small;
  SmallJob small_job(folder.path);
  small_job.job.options.metric_for_best_model = "loss";
  small_job.job.options.eval_strategy = "steps";
  small_job.job.options.eval_steps = 4;
  std::vector<int64_t> evaluated;
  double least = INFINITY;
  TrainingObserver observer;
  observer.evaluated = [&](const EvalProgress& progress) {
    evaluated.push_back(progress.step);
    least = std::min(least, *progress.scores[0].second);
  };
  const auto outcome = run_training(*small.model, small_job.job, observer);
  CHECK(evaluated == std::vector<int64_t>{4, 8, 10});
  CHECK(outcome.metric == "loss");
  CHECK(outcome.score == least);
}

TEST_CASE("a robust step leaves out the layers that it draws, an evaluation none") {
  constexpr int64_t kLargest = 2;
  SmallJob small_job("");
  auto& job = small_job.job;
  job.options.max_steps = 1;
  job.options.warmup_steps = 0;
  job.options.metric_for_best_model = "loss";
  // A seed whose first step draws all of them.
  const auto drawn = [](int64_t seed) {
    return RandomSequence(static_cast<uint64_t>(seed), kDropStream, 0).below(kLargest + 1);
  };
  while (drawn(job.options.seed) != kLargest) ++job.options.seed;
  SmallModel robust, plain;
  AdapterSpec spec = adapter_spec("pfeiffer");
  spec.drop = {"fixed", kLargest};
  SmallModel fixed([&](Backbone& backbone) { return std::make_shared<TaskAdapter>(spec, backbone); },
                   SmallModel::two_classes());
  const auto before = robust.tensors();
  {
    const torch::NoGradGuard no_grad;
    for (const auto& [name, tensor] : fixed.model->trainable()) tensor.copy_(before.at(name));
  }
  const auto loss_of = [&](SmallModel& small, std::optional<int64_t> largest) {
    const ScratchFolder folder("trainer_robust");
    job.folder = folder.path;
    job.largest_drop = largest;
    return *run_training(*small.model, job, {}).score;
  };
  const double loss = loss_of(robust, kLargest);
  loss_of(fixed, {});
  loss_of(plain, {});
  const auto after = robust.tensors(), of_plain = plain.tensors();
  for (const auto& [name, tensor] : fixed.tensors()) CHECK(at::equal(after.at(name), tensor));
  for (const auto& [name, tensor] : before) {
    const bool is_lower = name.starts_with("encoder/0") || name.starts_with("encoder/1");
    CHECK(at::equal(after.at(name), tensor) == is_lower);
    CHECK_FALSE(at::equal(of_plain.at(name), tensor));
  }
  CHECK(evaluate(*robust.model, small_job.validation, {"accuracy"}, {}).loss == loss);
  robust.model->leave_out(lowest_layers(kLargest));
  CHECK(evaluate(*robust.model, small_job.validation, {"accuracy"}, {}).loss != loss);
}

TEST_CASE("without validation the last state is the best") {
  const ScratchFolder folder("trainer_blind");
  SmallModel small;
  SmallJob small_job(folder.path);
  small_job.job.validation = nullptr;
  const auto outcome = run_training(*small.model, small_job.job, {});
  CHECK_FALSE(outcome.score);
  CHECK(outcome.step == 10);
  CHECK(std::filesystem::read_symlink(folder.path / "checkpoints" / "best") == "step-10");
}

TEST_CASE("accumulated steps give the parameters of whole ones") {
  const auto train = [](int64_t rows, int64_t accumulation) {
    const ScratchFolder folder("trainer_accumulation");
    SmallJob small_job(folder.path);
    auto& options = small_job.job.options;
    options.per_device_train_batch_size = rows;
    options.gradient_accumulation_steps = accumulation;
    options.learning_rate = 1e-3;
    options.optim = "sgd";
    options.load_best_model_at_end = false;
    small_job.job.backbone_dropout = false;
    HeadSpec spec = SmallModel::two_classes();
    spec.dropout_prob = 0;
    SmallModel without_dropout("pfeiffer", spec);
    run_training(*without_dropout.model, small_job.job, {});
    return without_dropout.tensors();
  };
  const auto whole = train(16, 1), parts = train(4, 4);
  for (const auto& [name, tensor] : whole) {
    INFO(name);
    CHECK((tensor - parts.at(name)).abs().max().item<double>() < 1e-6);
  }
}

TEST_CASE("a step whose loss is not finite is skipped") {
  const ScratchFolder folder("trainer_skips");
  SmallModel small;
  SmallJob small_job(folder.path);
  PoisonedHead head(small);
  std::vector<std::string> messages;
  TrainingObserver observer;
  observer.message = [&](const std::string& text) { messages.push_back(text); };
  observer.step = [&](const TrainProgress& progress) {
    if (progress.step == 2) head.poison();
    if (progress.step == 4) head.heal();
  };
  const auto outcome = run_training(*small.model, small_job.job, observer);
  CHECK(outcome.steps == 10);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0] == "step 3 skipped: the loss is not finite (1 of at most 10 in a row)");
  CHECK(std::isfinite(parameter_map(*small.head).begin()->second.sum().item<double>()));
}

TEST_CASE("a diverged training ends with its own status and leaves the checkpoint before") {
  const ScratchFolder folder("trainer_diverges");
  SmallModel small;
  SmallJob small_job(folder.path);
  small_job.job.options.max_skipped_steps = 3;
  PoisonedHead head(small);
  TrainingObserver observer;
  observer.step = [&](const TrainProgress& progress) {
    if (progress.step == 6) head.poison();
  };
  const auto error =
      error_of([&] { run_training(*small.model, small_job.job, observer); }, ExitCode::kDiverged);
  CHECK_THAT(error, Catch::Contains("not finite in 3 steps in a row, up to step 9"));
  const CheckpointFolder checkpoints(folder.path / "checkpoints");
  CHECK(checkpoints.steps() == std::vector<int64_t>{5});
  CHECK(read_safetensors(checkpoints.path(5) / "head.safetensors")
            .begin()
            ->second.isfinite()
            .all()
            .item<bool>());
}

TEST_CASE("a parameter that no gradient reaches is an error by name") {
  struct Idle final : Attachment {
    Idle() { register_parameter("encoder/0/idle", torch::ones({2})); }
    SiteAdapters site_adapters() const override { return {}; }
  };
  const ScratchFolder folder("trainer_idle");
  SmallModel small([](Backbone&) { return std::make_shared<Idle>(); }, SmallModel::two_classes());
  SmallJob small_job(folder.path);
  const auto error = error_of([&] { run_training(*small.model, small_job.job, {}); }, ExitCode::kInput);
  CHECK_THAT(error, Catch::Contains("made_up: these parameters are to be trained") &&
                        Catch::Contains("\n     encoder/0/idle"));
}

TEST_CASE("an empty training split is refused") {
  const ScratchFolder folder("trainer_empty");
  SmallModel small;
  SmallJob small_job(folder.path);
  small_job.train = made_up_split(0, 1);
  CHECK_THAT(error_of([&] { run_training(*small.model, small_job.job, {}); }, ExitCode::kInput),
             Catch::Contains("the training split is empty"));
}

TEST_CASE("no kind of training changes a tensor of the backbone") {
  const auto method = GENERATE(as<std::string>(), "pfeiffer", "houlsby", "parallel", "lora", "ia3",
                               "head_only", "layernorm", "bitfit", "top_layers", "full", "full_random");
  const auto use_pooler = GENERATE(false, true);
  INFO(method << (use_pooler ? " with the pooler" : ""));
  const ScratchFolder folder("trainer_frozen");
  HeadSpec spec = SmallModel::two_classes();
  spec.use_pooler = use_pooler;
  SmallModel small(method, spec);
  const auto trained_before = small.tensors();
  SmallJob small_job(folder.path, /*epochs=*/1);
  small_job.job.options.load_best_model_at_end = false;
  run_training(*small.model, small_job.job, {});
  CHECK_FALSE(equal_bits(trained_before, small.tensors()));
  small.model.reset();
  const auto original = load_backbone(small_bert(), torch::kCPU);
  auto slots = small.backbone->tensors(), expected = original->tensors();
  for (size_t i = 0; i < slots.size(); ++i) {
    INFO(slots[i].name);
    CHECK(at::equal(*slots[i].tensor, *expected[i].tensor));
    CHECK_FALSE(slots[i].tensor->requires_grad());
  }
}

}  // namespace adaptune
