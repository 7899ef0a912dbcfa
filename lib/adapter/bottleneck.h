#pragma once
// The bottleneck adapter in all of its published placements: Houlsby et al. 2019, Pfeiffer et al. 2021,
// the parallel form of He et al. 2022, and every variant AdapterHub's BnConfig can describe.
//
// At a residual site with sublayer output h, stream x and base(h) = norm(h + x):
//   sequential:  z = base(h) if original_ln_before else h
//                r = h, z or h + x by residual_before_ln true, false, post_add
//   parallel:    z = r = x
//   u = scale * W_up f(W_down z + b_down) + b_up scaled alike           <- what AdapterFusion attends over
//   o = u, with dropout, gate, own residual r, own LayerNorm; parallel adds h
//   y = base(o) if original_ln_after else o

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "adapter/residual_adapter.h"
#include "nn/activation.h"
#include "nn/linear.h"

namespace adaptune {

// Names and meaning as in AdapterHub's BnConfig; defaults are those of `seq_bn`.
struct BottleneckOptions {
  bool mh_adapter = false;     // an adapter after attention
  bool output_adapter = true;  // an adapter after the feed-forward block
  std::map<std::string, double> reduction_factor = {{"default", 16}};  // by layer index, or "default"
  std::optional<int64_t> bottleneck_size;  // the width itself; wins over reduction_factor
  std::string non_linearity = "relu";
  bool original_ln_before = true;
  bool original_ln_after = true;
  std::string residual_before_ln = "true";  // true | false | post_add
  bool adapter_residual_before_ln = false;
  bool ln_before = false;
  bool ln_after = false;
  bool is_parallel = false;
  std::string scaling = "1.0";  // a number | learned | channel
  bool use_gating = false;
  double dropout = 0;
  double stochastic_depth = 0;
  std::string init_weights = "bert";  // bert | mam_adapter | houlsby | zero
  std::optional<double> init_std;     // overrides the standard deviation of bert and houlsby
};

// Of the weights that `init_weights` draws from a normal distribution: its standard deviation where
// `init_std` does not say it; nothing for those that draw from none.
std::optional<double> usual_init_std(const std::string& init_weights);

// Width of the bottleneck in a layer: max(1, floor(hidden / reduction)). InputError when reduction_factor
// says nothing for the layer.
int64_t bottleneck_width(const BottleneckOptions& options, int64_t layer, int64_t hidden);

// The parts of u(z): fusion's cheap forms, several tasks at once and folding work on these.
struct BottleneckFactors {
  torch::Tensor down, down_bias;  // [m, D], [m]
  Activation activation;
  torch::Tensor up, up_bias;  // [D, m], [D], the scale already in them
};

class Bottleneck final : public ResidualAdapter {
 public:
  // hidden: D; width: m. Weights are drawn from the global generator.
  Bottleneck(const BottleneckOptions& options, int64_t hidden, int64_t width);

  torch::Tensor change(const Insertion::Read& read, const torch::Tensor& h, const Tokens& tokens) override;
  bool is_token_wise() const override { return !gate_; }
  bool needs_padding() const override { return !gate_.is_empty(); }
  // u(z) [N, D] -> [N, D]
  torch::Tensor delta(const torch::Tensor& z, const Tokens& tokens) const;
  const Insertion& insertion() const override { return insertion_; }
  const std::string& non_linearity() const { return non_linearity_; }
  // Whether change() is u(z) and the residual, and nothing else.
  bool is_plain() const;
  // Empty when u is not a plain bottleneck of z (ln_before).
  std::optional<BottleneckFactors> factors() const;

 private:
  torch::Tensor scaled(const torch::Tensor& u) const;
  torch::Tensor gated(const torch::Tensor& o, const torch::Tensor& z, const Tokens& tokens) const;
  void initialise(const BottleneckOptions& options);

  Insertion insertion_;
  std::string non_linearity_;
  Activation activation_;
  double fixed_scale_ = 1, dropout_ = 0, stochastic_depth_ = 0;
  bool residual_first_ = false;
  torch::nn::Linear down_{nullptr}, up_{nullptr}, gate_{nullptr};
  Linear down_product_, up_product_;  // of down_ and up_
  torch::nn::LayerNorm norm_before_{nullptr}, norm_after_{nullptr};
  torch::Tensor scaling_;  // [1] learned, [D] channel, undefined: fixed
};

}  // namespace adaptune
