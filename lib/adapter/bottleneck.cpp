#include "adapter/bottleneck.h"

#include <algorithm>
#include <cmath>

#include "adapter/initialisation.h"
#include "core/error.h"
#include "nn/dropout.h"

namespace adaptune {
namespace {

using torch::Tensor;

Insertion::Residual residual_kind(const std::string& name) {
  if (name == "post_add") return Insertion::Residual::kSum;
  return name == "true" ? Insertion::Residual::kInput : Insertion::Residual::kNormed;
}

// Stochastic depth: in training each sequence is dropped with probability p, the others divided by 1-p.
Tensor drop_path(const Tensor& u, double p, const Tokens& tokens) {
  return u * tokens.spread(at::bernoulli(at::full({tokens.rows(), 1}, 1 - p, u.options()))) / (1 - p);
}

}  // namespace

std::optional<double> usual_init_std(const std::string& init_weights) {
  if (init_weights == "bert") return 0.02;
  if (init_weights == "houlsby") return 0.01;
  return std::nullopt;
}

int64_t bottleneck_width(const BottleneckOptions& options, int64_t layer, int64_t hidden) {
  if (options.bottleneck_size) return *options.bottleneck_size;
  const auto own = options.reduction_factor.find(std::to_string(layer));
  const auto common = options.reduction_factor.find("default");
  if (own == options.reduction_factor.end() && common == options.reduction_factor.end()) {
    throw InputError("reduction_factor: holds neither layer " + std::to_string(layer) + " nor 'default'");
  }
  const double factor = own != options.reduction_factor.end() ? own->second : common->second;
  // Floor of the exact quotient, as Python's // computes it: a rounded quotient may be one too high.
  const double width = (static_cast<double>(hidden) - std::fmod(hidden, factor)) / factor;
  return std::max<int64_t>(1, std::llround(width));
}

Bottleneck::Bottleneck(const BottleneckOptions& options, int64_t hidden, int64_t width)
    : insertion_{options.original_ln_before, options.original_ln_after, options.is_parallel,
                 residual_kind(options.residual_before_ln)},
      non_linearity_(options.non_linearity),
      activation_(activation_by_name(options.non_linearity)),
      dropout_(options.dropout),
      stochastic_depth_(options.is_parallel ? 0 : options.stochastic_depth),
      residual_first_(options.adapter_residual_before_ln) {
  if (options.ln_before)
    norm_before_ = register_module("norm_before", torch::nn::LayerNorm(std::vector{hidden}));
  down_ = register_module("down", torch::nn::Linear(hidden, width));
  up_ = register_module("up", torch::nn::Linear(width, hidden));
  if (options.scaling == "learned") {
    scaling_ = register_parameter("scaling", torch::ones({1}));
  } else if (options.scaling == "channel") {
    scaling_ = register_parameter("scaling", torch::ones({hidden}));
  } else {
    fixed_scale_ = std::stod(options.scaling);
  }
  if (options.ln_after)
    norm_after_ = register_module("norm_after", torch::nn::LayerNorm(std::vector{hidden}));
  if (options.use_gating) gate_ = register_module("gate", torch::nn::Linear(hidden, 1));
  initialise(options);
  for (const auto& [linear, product] : {std::pair(&down_, &down_product_), std::pair(&up_, &up_product_)}) {
    product->weight = (*linear)->weight;
    product->bias = (*linear)->bias;
  }
}

void Bottleneck::initialise(const BottleneckOptions& options) {
  const torch::NoGradGuard no_grad;
  down_->bias.zero_();
  up_->bias.zero_();
  const double deviation = options.init_std.value_or(usual_init_std(options.init_weights).value_or(0));
  if (options.init_weights == "houlsby") {
    truncated_normal(down_->weight, deviation);
    truncated_normal(up_->weight, deviation);
    return;
  }
  if (options.init_weights == "bert") {
    down_->weight.normal_(0, deviation);
    up_->weight.normal_(0, deviation);
  } else {  // mam_adapter, zero: the network starts unchanged
    kaiming_uniform(down_->weight);
    up_->weight.zero_();
  }
  if (gate_) {
    gate_->weight.normal_(0, 0.02);
    gate_->bias.zero_();
  }
}

Tensor Bottleneck::scaled(const Tensor& u) const {
  if (scaling_.defined()) return u * scaling_;
  return fixed_scale_ == 1 ? u : u * fixed_scale_;
}

Tensor Bottleneck::delta(const Tensor& z, const Tokens& tokens) const {
  const Tensor input = norm_before_ ? norm_before_.ptr()->as<torch::nn::LayerNormImpl>()->forward(z) : z;
  const Tensor inner = activation_(down_product_(input));  // [.., m]
  Tensor u = up_product_(inner);                           // [.., D]
  if (is_training() && stochastic_depth_ > 0) u = drop_path(u, stochastic_depth_, tokens);
  return scaled(u);
}

std::optional<BottleneckFactors> Bottleneck::factors() const {
  if (norm_before_) return std::nullopt;
  Tensor up = up_->weight, bias = up_->bias;
  if (scaling_.defined()) {
    up = up * scaling_.unsqueeze(-1);
    bias = bias * scaling_;
  } else if (fixed_scale_ != 1) {
    up = up * fixed_scale_;
    bias = bias * fixed_scale_;
  }
  return BottleneckFactors{down_->weight, down_->bias, activation_, up, bias};
}

// One gate for each sequence: a mean over all positions, padded ones included, as AdapterHub computes it.
Tensor Bottleneck::gated(const Tensor& o, const Tensor& z, const Tokens& tokens) const {
  const Tensor gate = at::sigmoid(at::linear(z, gate_->weight, gate_->bias));  // [N, 1]
  return o * tokens.spread(tokens.by_sequence(gate).mean(1));
}

bool Bottleneck::is_plain() const {
  const bool random = is_training() && (dropout_ > 0 || stochastic_depth_ > 0);
  return !random && !gate_ && !norm_before_ && !norm_after_;
}

Tensor Bottleneck::change(const Insertion::Read& read, const Tensor&, const Tokens& tokens) {
  Tensor o = delta(read.z, tokens);
  if (is_training() && dropout_ > 0) o = adaptune::dropout(o, dropout_);
  if (gate_) o = gated(o, read.z, tokens);
  const bool adds_residual = !insertion_.is_parallel;
  if (adds_residual && residual_first_) o = o + read.r;
  if (norm_after_) o = norm_after_(o);
  if (adds_residual && !residual_first_) o = o + read.r;
  return o;
}

}  // namespace adaptune
