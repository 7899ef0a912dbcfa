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
  // A task's other schedule does away with the suite's milestones.
  if (!multistep && node.has("lr_scheduler_type") && !node.has("lr_milestones"))
    options.lr_milestones.clear();
  if (!multistep && !options.lr_milestones.empty()) {
    node.error_at_written(
        {"lr_milestones"},
        "'lr_milestones' has no effect with lr_scheduler_type '" + options.lr_scheduler_type + "'",
        "lr_scheduler_type: multistep");
  }
}

void read_warmup(ConfigNode node, TrainOptions& options) {
  auto& ratio = options.warmup_ratio;
  auto& steps = options.warmup_steps;
  node.read("warmup_ratio", ratio, within(0, 1));
  node.read("warmup_steps", steps, at_least(0));
  if (ratio && steps) {
    if (node.has("warmup_ratio") && node.has("warmup_steps"))
      node.error_at("warmup_ratio", "'warmup_ratio' has no effect beside 'warmup_steps'",
                    "leave one of them out");
    // What a task says of the warm-up does away with what the suite says.
    node.has("warmup_ratio") ? steps.reset() : ratio.reset();
  }
  if (!steps) node.record_empty("warmup_steps", "warmup_ratio says it");
  if (steps) {
    node.record_empty("warmup_ratio", "warmup_steps says it");
  } else if (!ratio) {
    node.record_default("warmup_ratio", kWarmupRatio);
  }
}

// A number of some optimizers; `usual` where nobody says it.
struct OptimizerKey {
  const char* key;
  std::optional<double>& value;
  Check<double> check;
  double usual;
  const char* optimizer;  // one that has it
  bool is_used;
};

void read_optimizer_number(ConfigNode node, const std::string& optim, const OptimizerKey& number) {
  const std::string key = number.key;
  node.read(key, number.value, number.check);
  if (!number.is_used && number.value) {
    node.error_at_written({key}, "'" + key + "' has no effect with optim '" + optim + "'",
                          std::string("optim: ") + number.optimizer);
    number.value.reset();  // the suite's, whose optimizer is another
  }
  if (number.value) return;
  if (number.is_used) return node.record_default(key, number.usual);
  node.record_empty(key, std::string("of ") + number.optimizer);
}

void read_optimizer_numbers(ConfigNode node, TrainOptions& options) {
  const bool sgd = options.optim == "sgd";
  TrainOptions plain;
  plain.optim = options.optim;
  const auto usual = optimizer_numbers(plain);
  const auto rate = share_below_one();
  for (const auto& number : std::initializer_list<OptimizerKey>{
           {"adam_beta1", options.adam_beta1, rate, usual.beta1, "adamw_torch", !sgd},
           {"adam_beta2", options.adam_beta2, rate, usual.beta2, "adamw_torch", !sgd},
           {"adam_epsilon", options.adam_epsilon, positive(), usual.epsilon, "adamw_torch", !sgd},
           {"momentum", options.momentum, rate, usual.momentum, "sgd", sgd}})
    read_optimizer_number(node, options.optim, number);
}

void read_weight_decay(ConfigNode node, TrainOptions& options) {
  node.read("weight_decay", options.weight_decay, non_negative());
  node.read("adapter_weight_decay", options.adapter_weight_decay, non_negative());
  node.read("head_weight_decay", options.head_weight_decay, non_negative());
  node.read("wd_parity", options.wd_parity);
  if (!options.adapter_weight_decay) node.record_empty("adapter_weight_decay", "as weight_decay");
  if (!options.head_weight_decay) {
    node.record_empty("head_weight_decay",
                      options.wd_parity ? "as the adapters', by wd_parity" : "as weight_decay");
  }
}

void read_optimizer(ConfigNode node, TrainOptions& options) {
  node.read("learning_rate", options.learning_rate, positive());
  node.read("lr_scheduler_type", options.lr_scheduler_type,
            one_of({"linear", "cosine", "constant", "inverse_sqrt", "multistep"}));
  read_milestones(node, options);
  read_warmup(node, options);
  node.read("optim", options.optim, one_of({"adamw_torch", "adamw_bert", "sgd"}));
  read_optimizer_numbers(node, options);
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

void read_evaluation(ConfigNode node, TrainOptions& options) {
  node.read("eval_strategy", options.eval_strategy, one_of({"epoch", "steps", "no"}));
  // A task's other strategy does away with the suite's steps.
  if (node.has("eval_strategy") && options.eval_strategy != "steps" && !node.has("eval_steps"))
    options.eval_steps.reset();
  node.read("eval_steps", options.eval_steps, at_least(1));
  read_best_metric(node, options.metric_for_best_model);
  node.read("greater_is_better", options.greater_is_better);
  if (!options.greater_is_better) node.record_empty("greater_is_better", "as the metric says");
  node.read("load_best_model_at_end", options.load_best_model_at_end);
  node.read("early_stopping_patience", options.early_stopping_patience, at_least(1));
  node.read("early_stopping_threshold", options.early_stopping_threshold, non_negative());
  if (!options.eval_steps) node.record_empty("eval_steps", "of eval_strategy steps");
  if (options.eval_strategy == "steps" && !options.eval_steps) {
    node.error_at_written(
        {"eval_strategy", "eval_steps"},
        "eval_strategy 'steps' needs `eval_steps`, the optimizer steps between evaluations");
  }
  if (options.eval_strategy != "steps" && options.eval_steps) {
    node.error_at_written({"eval_steps"},
                          "'eval_steps' has no effect with eval_strategy '" + options.eval_strategy + "'",
                          "eval_strategy: steps");
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

}  // namespace adaptune
