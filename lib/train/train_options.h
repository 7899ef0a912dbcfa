#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config_node.h"

namespace adaptune {

// The `train:` section. Names, meanings and (where design and papers do not say otherwise) defaults are
// those of Hugging Face's TrainingArguments; `backbone_dropout`, `adapter_weight_decay`, `head_weight_decay`
// and `max_skipped_steps` are ours.
struct TrainOptions {
  double learning_rate = 1e-4;
  int64_t num_train_epochs = 10;
  std::optional<int64_t> max_steps;  // optimizer steps; wins over num_train_epochs
  int64_t per_device_train_batch_size = 32;
  int64_t per_device_eval_batch_size = 64;
  int64_t gradient_accumulation_steps = 1;
  std::optional<double> max_grad_norm = 1.0;   // of all trained parameters; null: no clipping
  double weight_decay = 0;                     // not on biases, norms and a fusion's value matrix
  std::optional<double> adapter_weight_decay;  // of attachments; empty: weight_decay
  std::optional<double> head_weight_decay;     // empty: weight_decay
  // As the released code of residual adapters decays, by a slip: everything, norms too, by the adapters'
  // decay.
  bool wd_parity = false;
  std::string optim = "adamw_torch";  // adamw_torch | adamw_bert | sgd
  // Of the optimizers that have them; empty: as optimizer_numbers() says.
  std::optional<double> adam_beta1, adam_beta2, adam_epsilon, momentum;
  std::string lr_scheduler_type = "linear";  // linear | cosine | constant | inverse_sqrt | multistep
  std::vector<int64_t> lr_milestones;        // of multistep, ascending: epochs after which a tenth is left
  std::optional<double> warmup_ratio;        // share of all steps; empty: usual_warmup_ratio()
  std::optional<int64_t> warmup_steps;       // instead of warmup_ratio
  bool group_by_length = true;
  std::string eval_strategy = "epoch";  // epoch | steps | no
  std::optional<int64_t> eval_steps;    // needed by `steps`
  // epoch (and every save_steps, for crash safety) | steps | no. A new best state and the last one are saved
  // always.
  std::string save_strategy = "epoch";
  std::optional<int64_t> save_steps = 500;      // null: none
  std::optional<int64_t> save_total_limit = 2;  // checkpoints kept, the best one not counted; null: all
  // Empty: the task's first metric; else another of them, or "loss".
  std::optional<std::string> metric_for_best_model;
  std::optional<bool> greater_is_better;  // empty: as the metric says
  bool load_best_model_at_end = true;
  std::optional<int64_t> early_stopping_patience = 3;  // evaluations; null: never, as with multistep
  double early_stopping_threshold = 0;
  int64_t logging_steps = 50;
  std::vector<std::string> report_to;  // tensorboard
  int64_t seed = 42;
  bool bf16 = false;                     // products with frozen weights in bfloat16; all else in float32
  std::optional<bool> backbone_dropout;  // empty: the method's default
  int64_t max_skipped_steps = 10;        // non-finite losses or gradients in a row before giving up
};

// RoBERTa's (Liu et al. 2019).
constexpr double kWarmupRatio = 0.06;
// Where nothing is said; none of a rate that falls at milestones, which begins as high as it stays.
double usual_warmup_ratio(const TrainOptions& options);

struct OptimizerNumbers {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, momentum = 0.9;
};
// What the options say, else the optimizer's own.
OptimizerNumbers optimizer_numbers(const TrainOptions& options);

// Reads over what `options` already hold, so that a task overrides the suite.
void read_train_options(ConfigNode node, TrainOptions& options);
// Empties what has no effect on a training by these options, such as the momentum of another optimizer: an
// error where the section itself says it, else it is the run's, for others. Of a run's section itself, pass
// the trainings whose sections were read over it: what one of them holds stays.
void drop_idle_options(ConfigNode section, TrainOptions& options,
                       const std::vector<const TrainOptions*>& trainings = {});

}  // namespace adaptune
