#pragma once
// AdapterFusion, Pfeiffer et al. 2021: per token attention over the outputs u_n of N frozen bottlenecks.
//
//   q = W_q z + b_q,  k_n = W_k u_n + b_k,  s = softmax_n(q . k_n / T),  c = W_v sum_n s_n u_n,  y = write(c
//   + r)
//
// Computed in an exact, cheaper algebra: with q~ = W_k^T q the scores are q~ . u_n + q . b_k, and because
// u_n = U_n f(D_n z + d_n) + b_n no u_n is ever formed. The forms agree to rounding.

#include <torch/torch.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/bottleneck.h"
#include "adapter/drop.h"

namespace adaptune {

// AdapterHub's ten keys, and ours; defaults are `dynamic`.
struct FusionOptions {
  std::string
      combination;  // of knowledge adapters, by its name (combination.h), instead of all below; empty: none
  bool train_backbone = false;  // of a combination: all of the backbone, through the frozen adapters
  bool query = true, key = true, value = true;  // which projections exist; none: scores are z . u_n
  bool query_before_ln = false;                 // query from h instead of z
  bool residual_before = false;                 // r joins every u_n, and is not added afterwards
  bool temperature = false;                     // T from 50 down by 0.05 a forward pass to 1
  bool value_before_softmax = true;             // no effect on the result: W_v is linear
  bool value_initialized = true;                // W_v starts as the identity with 1e-6 beside the diagonal
  bool regularization = true;                   // 0.01 sum of ||I - W_v||^2 in the training loss
  std::optional<double> dropout_prob;           // on the scores; empty: the backbone's attention dropout
  DropOptions drop;  // of whole fusions, members and all; not a key of AdapterHub's
};

// The algebra used for a pass; see methods.md 2.5.
enum class FusionForm {
  kNaive,     // every u_n projected: the reference
  kFactored,  // A: training
  kProduct,   // A': over W_k^T W_q: training on more tokens than D, inference with many or wide members
  kFolded,    // B: no D x D product at all: inference when the members' widths sum below 2 D
};

class Fusion final : public ResidualAdapter {
 public:
  // `members` are borrowed frozen bottlenecks of one layer (at least one); the last one's insertion is used.
  Fusion(const FusionOptions& options, std::vector<std::shared_ptr<Bottleneck>> members, int64_t hidden,
         double default_dropout);

  torch::Tensor change(const Insertion::Read& read, const torch::Tensor& h, const Tokens& tokens) override;
  const Insertion& insertion() const override { return insertion_; }
  // Attends over these members alone from now on, by index; TORCH_CHECKs that one is left. The weights of
  // the others are not made up for but by the softmax (Rücklé et al. 2021, section 4.2).
  void keep(const std::vector<int64_t>& members);
  bool is_token_wise() const override { return !records_; }  // the mean attention is that of all tokens

  // 0.01 ||I - W_v||_F^2; undefined without a value matrix.
  torch::Tensor regularization_loss() const;
  // Whether `parameter` is W_v.
  bool is_value(const torch::Tensor& parameter) const { return value_ && value_->weight.is_same(parameter); }

  // Forces a form (tests, benchmarks); empty: chosen by cost.
  void use_form(std::optional<FusionForm> form) { forced_form_ = form; }
  // Keeps the attention [N tokens, members] of the last pass and its running mean over real tokens.
  void record_attention(bool on);
  // Whether passes leave the temperature as it is, instead of lowering it, in evaluation too, as AdapterHub's
  // do.
  void keep_temperature(bool on) { keeps_temperature_ = on; }
  const torch::Tensor& last_attention() const { return last_attention_; }
  torch::Tensor mean_attention() const;  // [N], float64; undefined before the first pass

 private:
  struct Stack;   // the members' factors, joined
  struct Folded;  // form B's matrices
  bool is_trained() const;
  FusionForm form(const torch::Tensor& z) const;
  torch::Tensor attend(const torch::Tensor& raw, const Tokens& tokens);
  torch::Tensor naive(const torch::Tensor& z, const torch::Tensor& source, const torch::Tensor& r,
                      const Tokens& tokens);
  torch::Tensor factored(FusionForm form, const Insertion::Read& read, const torch::Tensor& source,
                         const Tokens& tokens);
  torch::Tensor folded(const torch::Tensor& z, const Tokens& tokens);
  torch::Tensor projected_query(const torch::Tensor& source, FusionForm form, torch::Tensor& constant) const;
  void refresh_folded();
  void lower_temperature();

  FusionOptions options_;
  std::vector<std::shared_ptr<Bottleneck>> members_;
  Insertion insertion_;
  double dropout_;
  torch::Tensor temperature_;  // a buffer, scalar float64; undefined: 1
  std::optional<FusionForm> forced_form_;
  std::shared_ptr<Stack> stack_;
  std::shared_ptr<Folded> folded_;
  torch::nn::Linear query_{nullptr}, key_{nullptr}, value_{nullptr};
  bool records_ = false, keeps_temperature_ = false;
  torch::Tensor last_attention_, attention_sum_;
  double attention_tokens_ = 0;
};

}  // namespace adaptune
