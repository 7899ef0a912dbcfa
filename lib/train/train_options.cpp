#include "train/train_options.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <map>

#include "metric/metric.h"

namespace adaptune {
namespace {

Check<double> gradient_norm() {
  return [](const double& value) -> std::optional<std::string> {
    if (value > 0 && std::isfinite(value)) return std::nullopt;
    return "must be a number > 0, or null for no clipping";
  };
}

void read_length(ConfigNode node, TrainOptions& options) {
  const auto one = at_least(1);
  node.read("num_train_epochs", options.num_train_epochs, one);
  node.read("max_steps", options.max_steps, one);
  if (!options.max_steps) node.record_empty("max_steps", "num_train_epochs says it");
  node.read("per_device_train_batch_size", options.per_device_train_batch_size, one);
  node.read("per_device_eval_batch_size", options.per_device_eval_batch_size, one);
  node.read("gradient_accumulation_steps", options.gradient_accumulation_steps, one);
  node.read("group_by_length", options.group_by_length);
  node.read("seed", options.seed, at_least(0));
  node.read("bf16", options.bf16);
}

void read_milestones(ConfigNode node, TrainOptions& options) {
  node.read("lr_milestones", options.lr_milestones);
  std::sort(options.lr_milestones.begin(), options.lr_milestones.end());
  const bool multistep = options.lr_scheduler_type == "multistep";
  if (multistep && options.lr_milestones.empty()) {
    node.error_at_written(
        {"lr_scheduler_type", "lr_milestones"},
        "lr_scheduler_type 'multistep' needs `lr_milestones`, the epochs after which the rate falls");
  }
}

void read_warmup(ConfigNode node, TrainOptions& options) {
  auto& ratio = options.warmup_ratio;
  auto& steps = options.warmup_steps;
  node.read("warmup_ratio", ratio, within(0, 1));
  node.read("warmup_steps", steps, at_least(0));
  if (ratio && steps) {
    if (node.has("warmup_steps"))
      node.error_at_idle("warmup_ratio", {kWarmupRatio}, "'warmup_ratio' has no effect beside 'warmup_steps'",
                         "leave one of them out");
    // What a task says of the warm-up does away with what the suite says.
    node.has("warmup_steps") ? ratio.reset() : steps.reset();
  }
  if (!steps) node.record_empty("warmup_steps", "warmup_ratio says it");
  if (steps) {
    node.record_empty("warmup_ratio", "warmup_steps says it");
  } else if (!ratio) {
    node.record_default("warmup_ratio", usual_warmup_ratio(options));
  }
}

// A number of some optimizers.
struct OptimizerKey {
  std::string key;
  std::optional<double> TrainOptions::*value;
  double OptimizerNumbers::*number;
  Check<double> check;
  bool of_sgd;  // else of the others

  bool has_use(const TrainOptions& options) const { return (options.optim == "sgd") == of_sgd; }
  std::string optimizer() const { return of_sgd ? "sgd" : "adamw_torch"; }  // one that has it
  // Where nobody says it.
  double usual(const std::string& optim) const {
    TrainOptions plain;
    plain.optim = optim;
    return optimizer_numbers(plain).*number;
  }
};

const std::vector<OptimizerKey>& optimizer_keys() {
  using Options = TrainOptions;
  using Numbers = OptimizerNumbers;
  static const std::vector<OptimizerKey> keys = {
      {"adam_beta1", &Options::adam_beta1, &Numbers::beta1, share_below_one(), false},
      {"adam_beta2", &Options::adam_beta2, &Numbers::beta2, share_below_one(), false},
      {"adam_epsilon", &Options::adam_epsilon, &Numbers::epsilon, positive(), false},
      {"momentum", &Options::momentum, &Numbers::momentum, share_below_one(), true}};
  return keys;
}

const std::vector<std::string>& optimizers() {
  static const std::vector<std::string> names = {"adamw_torch", "adamw_bert", "sgd"};
  return names;
}

void record_optimizer_number(ConfigNode node, const TrainOptions& options, const OptimizerKey& number) {
  if (options.*number.value) return;
  number.has_use(options) ? node.record_default(number.key, number.usual(options.optim))
                          : node.record_empty(number.key, "of " + number.optimizer());
}

void record_head_decay(ConfigNode node, const TrainOptions& options) {
  node.record_empty("head_weight_decay",
                    options.wd_parity ? "as the adapters', by wd_parity" : "as weight_decay");
}

void read_weight_decay(ConfigNode node, TrainOptions& options) {
  node.read("weight_decay", options.weight_decay, non_negative());
  node.read("adapter_weight_decay", options.adapter_weight_decay, non_negative());
  node.read("head_weight_decay", options.head_weight_decay, non_negative());
  node.read("wd_parity", options.wd_parity);
  if (!options.adapter_weight_decay) node.record_empty("adapter_weight_decay", "as weight_decay");
  if (!options.head_weight_decay) record_head_decay(node, options);
}

void read_optimizer(ConfigNode node, TrainOptions& options) {
  node.read("learning_rate", options.learning_rate, positive());
  node.read("lr_scheduler_type", options.lr_scheduler_type,
            one_of({"linear", "cosine", "constant", "inverse_sqrt", "multistep"}));
  read_milestones(node, options);
  read_warmup(node, options);
  node.read("optim", options.optim, one_of(optimizers()));
  for (const auto& number : optimizer_keys()) {
    node.read(number.key, options.*number.value, number.check);
    record_optimizer_number(node, options, number);
  }
  read_weight_decay(node, options);
  node.read("max_grad_norm", options.max_grad_norm, gradient_norm());
  node.read("max_skipped_steps", options.max_skipped_steps, at_least(1));
  node.read("backbone_dropout", options.backbone_dropout);
  if (!options.backbone_dropout) node.record_empty("backbone_dropout", "as the method says");
}

// Hugging Face calls the scores of an evaluation eval_loss, eval_accuracy, ...
std::string without_eval(const std::string& name) {
  const std::string prefix = "eval_";
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

void read_best_metric(ConfigNode node, std::optional<std::string>& metric) {
  auto names = metric_names();
  names.push_back("loss");
  const auto known = one_of(names);
  node.read("metric_for_best_model", metric,
            [&](const std::string& name) { return known(without_eval(name)); });
  if (metric) metric = without_eval(*metric);
  if (!metric) node.record_empty("metric_for_best_model", "the task's first metric");
}

void record_no_steps(ConfigNode node) { node.record_empty("eval_steps", "of eval_strategy steps"); }

void read_evaluation(ConfigNode node, TrainOptions& options) {
  node.read("eval_strategy", options.eval_strategy, one_of({"epoch", "steps", "no"}));
  node.read("eval_steps", options.eval_steps, at_least(1));
  read_best_metric(node, options.metric_for_best_model);
  node.read("greater_is_better", options.greater_is_better);
  if (!options.greater_is_better) node.record_empty("greater_is_better", "as the metric says");
  node.read("load_best_model_at_end", options.load_best_model_at_end);
  // A rate that stays for many epochs gains nothing in most of them.
  if (node.has("lr_scheduler_type") && options.lr_scheduler_type == "multistep")
    options.early_stopping_patience.reset();
  node.read("early_stopping_patience", options.early_stopping_patience, at_least(1));
  node.read("early_stopping_threshold", options.early_stopping_threshold, non_negative());
  if (!options.eval_steps) record_no_steps(node);
  if (options.eval_strategy == "steps" && !options.eval_steps) {
    node.error_at_written(
        {"eval_strategy", "eval_steps"},
        "eval_strategy 'steps' needs `eval_steps`, the optimizer steps between evaluations");
  }
}

void read_saving(ConfigNode node, TrainOptions& options) {
  node.read("save_strategy", options.save_strategy, one_of({"epoch", "steps", "no"}));
  node.read("save_steps", options.save_steps, at_least(1));
  node.read("save_total_limit", options.save_total_limit, at_least(1));
  node.read("logging_steps", options.logging_steps, at_least(1));
  node.read("report_to", options.report_to);
  if (options.save_strategy == "steps" && !options.save_steps) {
    node.error_at_written(
        {"save_strategy", "save_steps"},
        "save_strategy 'steps' needs `save_steps`, the optimizer steps between checkpoints");
  }
  for (const auto& target : options.report_to) {
    if (target != "tensorboard") {
      node.error_at_written({"report_to"},
                            "'" + target + "' is not known; 'tensorboard' is, or leave the key out");
    }
  }
}

// A key that the other options leave without effect.
template <typename T>
struct IdleKey {
  std::string key;
  T TrainOptions::*value;
  std::string why, hint;
  std::vector<double> usual = {};
};

// Empties the value unless one of `trainings` holds one too. Whether there was one to empty.
template <typename T>
bool drop_idle(ConfigNode section, TrainOptions& options, const std::vector<const TrainOptions*>& trainings,
               const IdleKey<T>& idle) {
  const auto holds = [&](const TrainOptions* any) { return any->*idle.value != T(); };
  if (!holds(&options) || std::any_of(trainings.begin(), trainings.end(), holds)) return false;
  section.error_at_idle(idle.key, idle.usual, "'" + idle.key + "' has no effect " + idle.why, idle.hint);
  options.*idle.value = T();
  return true;
}

// Keys of Hugging Face's TrainingArguments that people take along, and why there are none of them here.
std::map<std::string, std::string> answers() {
  return {
      {"fp16", "write bf16: true; float16 is not offered, its range needs scaled losses"},
      {"label_smoothing_factor", "not offered: losses are plain cross-entropy; leave it out"},
      {"dataloader_num_workers", "not needed: all cores read the data, once, before training; leave it out"},
      {"full_determinism", "not needed: on the CPU the same seed gives the same bits; leave it out"},
      {"ddp_timeout", "not needed: a training is one process; leave it out"}};
}

}  // namespace

OptimizerNumbers optimizer_numbers(const TrainOptions& options) {
  OptimizerNumbers numbers;
  if (options.optim == "adamw_bert") numbers.epsilon = 1e-6;  // its authors'
  numbers.beta1 = options.adam_beta1.value_or(numbers.beta1);
  numbers.beta2 = options.adam_beta2.value_or(numbers.beta2);
  numbers.epsilon = options.adam_epsilon.value_or(numbers.epsilon);
  numbers.momentum = options.momentum.value_or(numbers.momentum);
  return numbers;
}

double usual_warmup_ratio(const TrainOptions& options) {
  return options.lr_scheduler_type == "multistep" ? 0 : kWarmupRatio;
}

void read_train_options(ConfigNode node, TrainOptions& options) {
  node.foreign_names({{"epochs", "num_train_epochs"},
                      {"n_epochs", "num_train_epochs"},
                      {"batch_size", "per_device_train_batch_size"},
                      {"train_batch_size", "per_device_train_batch_size"},
                      {"eval_batch_size", "per_device_eval_batch_size"},
                      {"gradient_accumulation", "gradient_accumulation_steps"},
                      {"optimizer", "optim"},
                      {"lr_scheduler", "lr_scheduler_type"},
                      {"scheduler", "lr_scheduler_type"},
                      {"evaluation_strategy", "eval_strategy"},
                      {"clip_norm", "max_grad_norm"},
                      {"gradient_clip_val", "max_grad_norm"},
                      {"patience", "early_stopping_patience"},
                      {"warmup_proportion", "warmup_ratio"}});
  node.answers(answers());
  read_length(node, options);
  read_optimizer(node, options);
  read_evaluation(node, options);
  read_saving(node, options);
}

void drop_idle_options(ConfigNode section, TrainOptions& options,
                       const std::vector<const TrainOptions*>& trainings) {
  const auto drop = [&](const auto& idle) { return drop_idle(section, options, trainings, idle); };
  for (const auto& number : optimizer_keys()) {
    if (number.has_use(options)) continue;
    IdleKey<std::optional<double>> idle{number.key, number.value, "with optim '" + options.optim + "'",
                                        "optim: " + number.optimizer()};
    for (const auto& optim : optimizers()) idle.usual.push_back(number.usual(optim));
    if (drop(idle)) record_optimizer_number(section, options, number);
  }
  if (options.lr_scheduler_type != "multistep" &&
      drop(IdleKey<std::vector<int64_t>>{"lr_milestones", &TrainOptions::lr_milestones,
                                         "with lr_scheduler_type '" + options.lr_scheduler_type + "'",
                                         "lr_scheduler_type: multistep"})) {
    section.record_default("lr_milestones", options.lr_milestones);
  }
  if (options.eval_strategy != "steps" &&
      drop(IdleKey<std::optional<int64_t>>{"eval_steps", &TrainOptions::eval_steps,
                                           "with eval_strategy '" + options.eval_strategy + "'",
                                           "eval_strategy: steps"})) {
    record_no_steps(section);
  }
  if (options.adapter_weight_decay.value_or(options.weight_decay) <= 0 &&
      drop(IdleKey<bool>{"wd_parity", &TrainOptions::wd_parity, "without weight decay of the adapters",
                         "adapter_weight_decay: 5e-4, or another number"})) {
    section.record_default("wd_parity", false);
  }
  if (options.wd_parity &&
      drop(IdleKey<std::optional<double>>{"head_weight_decay", &TrainOptions::head_weight_decay,
                                          "with wd_parity", "wd_parity: false"})) {
    record_head_decay(section, options);
  }
}

}  // namespace adaptune
