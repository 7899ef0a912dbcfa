#include "train/train_options.h"

#include <algorithm>
#include <cmath>

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

void read_optimizer(ConfigNode node, TrainOptions& options) {
  node.read("learning_rate", options.learning_rate, positive());
  node.read("lr_scheduler_type", options.lr_scheduler_type,
            one_of({"linear", "cosine", "constant", "inverse_sqrt", "multistep"}));
  read_milestones(node, options);
  node.read("warmup_ratio", options.warmup_ratio, within(0, 1));
  node.read("warmup_steps", options.warmup_steps, at_least(0));
  node.read("optim", options.optim, one_of({"adamw_torch", "adamw_bert", "sgd"}));
  node.read("adam_beta1", options.adam_beta1, share_below_one());
  node.read("adam_beta2", options.adam_beta2, share_below_one());
  node.read("adam_epsilon", options.adam_epsilon, positive());
  node.read("momentum", options.momentum, share_below_one());
  node.read("weight_decay", options.weight_decay, non_negative());
  node.read("adapter_weight_decay", options.adapter_weight_decay, non_negative());
  node.read("head_weight_decay", options.head_weight_decay, non_negative());
  node.read("wd_parity", options.wd_parity);
  node.read("max_grad_norm", options.max_grad_norm, gradient_norm());
  node.read("max_skipped_steps", options.max_skipped_steps, at_least(1));
  node.read("backbone_dropout", options.backbone_dropout);
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
}

void read_evaluation(ConfigNode node, TrainOptions& options) {
  node.read("eval_strategy", options.eval_strategy, one_of({"epoch", "steps", "no"}));
  // A task's other strategy does away with the suite's steps.
  if (node.has("eval_strategy") && options.eval_strategy != "steps" && !node.has("eval_steps"))
    options.eval_steps.reset();
  node.read("eval_steps", options.eval_steps, at_least(1));
  read_best_metric(node, options.metric_for_best_model);
  node.read("greater_is_better", options.greater_is_better);
  node.read("load_best_model_at_end", options.load_best_model_at_end);
  node.read("early_stopping_patience", options.early_stopping_patience, at_least(1));
  node.read("early_stopping_threshold", options.early_stopping_threshold, non_negative());
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

}  // namespace

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
  read_length(node, options);
  read_optimizer(node, options);
  read_evaluation(node, options);
  read_saving(node, options);
}

}  // namespace adaptune
