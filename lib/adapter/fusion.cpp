#include "adapter/fusion.h"

#include <algorithm>
#include <utility>

#include "nn/dropout.h"
#include "nn/linear.h"

namespace adaptune {
namespace {

using torch::Tensor;

constexpr double kFirstTemperature = 50, kTemperatureStep = 0.05;
constexpr double kRegularization = 0.01;

// Changes whenever an optimizer or a loader writes to the weight or the bias.
using Version = std::pair<const void*, uint64_t>;
Version version_of(const torch::nn::Linear& linear) {
  if (!linear) return {nullptr, 0};
  const uint64_t of_bias = linear->bias.defined() ? linear->bias._version() : 0;
  return {linear->weight.data_ptr(), linear->weight._version() + of_bias};
}

}  // namespace

// The members' factors side by side; M is the sum of their widths.
struct Fusion::Stack {
  Linear down;                          // D -> M
  std::vector<Activation> activations;  // one a member
  std::vector<int64_t> widths;
  Tensor up, up_bias;   // [D, M], [N, D]
  Linear keys, values;  // D -> M + N and back: up and up_bias in one product
  Tensor segment;       // [M, N]: 1 where a unit belongs to a member

  int64_t width() const { return up.size(1); }         // M
  int64_t hidden() const { return up.size(0); }        // D
  int64_t members() const { return up_bias.size(0); }  // N

  static std::shared_ptr<Stack> of(const std::vector<std::shared_ptr<Bottleneck>>& members) {
    auto stack = std::make_shared<Stack>();
    std::vector<Tensor> down, down_bias, up, up_bias;
    for (const auto& member : members) {
      const auto factors = member->factors();
      if (!factors) return nullptr;
      down.push_back(factors->down);
      down_bias.push_back(factors->down_bias);
      up.push_back(factors->up);
      up_bias.push_back(factors->up_bias);
      stack->activations.push_back(factors->activation);
      stack->widths.push_back(factors->down.size(0));
    }
    stack->down.weight = at::cat(down);
    stack->down.bias = at::cat(down_bias);
    stack->up = at::cat(up, 1);
    stack->up_bias = at::stack(up_bias);
    stack->keys.weight = at::cat({stack->up.t(), stack->up_bias});
    stack->values.weight = stack->keys.weight.t().contiguous();
    stack->segment = at::zeros({stack->width(), stack->members()}, stack->up.options());
    for (int64_t n = 0, start = 0; n < stack->segment.size(1); start += stack->widths[n++]) {
      stack->segment.slice(0, start, start + stack->widths[n]).select(1, n).fill_(1);
    }
    return stack;
  }

  // Non-linearities of the joined inner values [.., M].
  Tensor activate(const Tensor& inner) const {
    if (std::all_of(activations.begin(), activations.end(),
                    [&](Activation a) { return a == activations[0]; })) {
      return activations[0](inner);
    }
    auto parts = inner.split_with_sizes(widths, -1);
    for (size_t n = 0; n < parts.size(); ++n) parts[n] = activations[n](parts[n]);
    return at::cat(parts, -1);
  }
};

// What inference multiplies once per state of the weights.
struct Fusion::Folded {
  Version query, key, value;
  Tensor product, product_bias;  // G = W_k^T W_q [D, D], g0 = W_k^T b_q [D]
  Linear in;                     // D -> 2M + N: the members' D, U^T G, b_u G
  Linear out;                    // M + N -> D: W_v U, W_v b_u
};

Fusion::Fusion(const FusionOptions& options, std::vector<std::shared_ptr<Bottleneck>> members, int64_t hidden,
               double default_dropout)
    : options_(options),
      members_(std::move(members)),
      dropout_(options.dropout_prob.value_or(default_dropout)) {
  TORCH_CHECK(!members_.empty(), "a fusion needs at least one member");
  insertion_ = members_.back()->insertion();
  const torch::NoGradGuard no_grad;
  const auto projection = [&](const char* name, bool with_bias) {
    auto linear =
        register_module(name, torch::nn::Linear(torch::nn::LinearOptions(hidden, hidden).bias(with_bias)));
    linear->weight.normal_(0, 0.02);
    if (with_bias) linear->bias.zero_();
    return linear;
  };
  if (options.query) query_ = projection("query", true);
  if (options.key) key_ = projection("key", true);
  if (options.value) value_ = projection("value", false);
  if (options.temperature) {
    temperature_ = register_buffer("temperature", torch::full({}, kFirstTemperature, torch::kFloat64));
  }
  if (options.value && options.value_initialized) value_->weight.fill_(1e-6).fill_diagonal_(1);
}

void Fusion::keep(const std::vector<int64_t>& members) {
  TORCH_CHECK(!members.empty(), "a fusion needs at least one member");
  std::vector<std::shared_ptr<Bottleneck>> kept;
  for (const int64_t index : members) kept.push_back(members_.at(index));
  members_ = std::move(kept);
  stack_.reset();
  folded_.reset();
  record_attention(records_);
}

Tensor Fusion::regularization_loss() const {
  if (!value_ || !options_.regularization) return Tensor();
  const auto& weight = value_->weight;
  return kRegularization * (at::eye(weight.size(0), weight.options()) - weight).square().sum();
}

// Whether a pass depends on more than its input and the weights' present values.
bool Fusion::is_trained() const { return torch::GradMode::is_enabled() || (is_training() && dropout_ > 0); }

FusionForm Fusion::form(const Tensor& z) const {
  if (forced_form_) return *forced_form_;
  if (!stack_) return FusionForm::kNaive;
  // W_k^T W_q costs D^3, and saves one of two products of all N tokens with a D x D matrix.
  const bool many_tokens = z.numel() > z.size(-1) * z.size(-1);
  if (is_trained()) return query_ && key_ && many_tokens ? FusionForm::kProduct : FusionForm::kFactored;
  const bool narrow = stack_->width() < 2 * stack_->hidden();
  return narrow && !options_.query_before_ln && !options_.residual_before ? FusionForm::kFolded
                                                                          : FusionForm::kProduct;
}

Tensor Fusion::change(const Insertion::Read& read, const Tensor& h, const Tokens& tokens) {
  const auto& [z, r] = read;
  if (!stack_) {
    const torch::NoGradGuard no_grad;
    stack_ = Stack::of(members_);
  }
  const Tensor& source = insertion().is_parallel || !options_.query_before_ln ? z : h;
  Tensor c;
  const FusionForm form = this->form(z);
  switch (form) {
    case FusionForm::kNaive:
      c = naive(z, source, r, tokens);
      break;
    case FusionForm::kFolded:
      c = folded(z, tokens);
      break;
    default:
      c = factored(form, read, source, tokens);
  }
  if (options_.temperature && !keeps_temperature_) lower_temperature();
  return options_.residual_before ? c : c + r;
}

void Fusion::lower_temperature() {
  const torch::NoGradGuard no_grad;
  temperature_.sub_(kTemperatureStep).clamp_min_(1);
}

// Softmax over the members, with AdapterHub's dropout on the scores before it. [.., N] -> [.., N]
Tensor Fusion::attend(const Tensor& raw, const Tokens& tokens) {
  Tensor scores = is_training() && dropout_ > 0 ? adaptune::dropout(raw, dropout_) : raw;
  if (temperature_.defined()) scores = scores / temperature_.clone();  // backward keeps this one
  Tensor attention = at::softmax(scores, -1);
  if (records_) {
    const torch::NoGradGuard no_grad;
    last_attention_ = attention.detach();
    const Tensor flat = last_attention_.to(torch::kFloat64);  // [.., N]
    const Tensor real =
        tokens.mask.defined() ? tokens.mask.to(torch::kFloat64) : at::ones({flat.size(0)}, flat.options());
    const Tensor sum = at::mv(flat.t(), real).cpu();
    attention_sum_ = attention_sum_.defined() ? attention_sum_ + sum : sum;
    attention_tokens_ += real.sum().item<double>();
  }
  return attention;
}

void Fusion::record_attention(bool on) {
  records_ = on;
  attention_sum_ = last_attention_ = Tensor();
  attention_tokens_ = 0;
}

Tensor Fusion::mean_attention() const {
  return attention_sum_.defined() ? attention_sum_ / std::max(1.0, attention_tokens_) : Tensor();
}

Tensor Fusion::naive(const Tensor& z, const Tensor& source, const Tensor& r, const Tokens& tokens) {
  std::vector<Tensor> outputs;
  for (const auto& member : members_) outputs.push_back(member->delta(z, tokens));
  Tensor u = at::stack(outputs, -2);  // [.., N, D]
  if (options_.residual_before) u = u + r.unsqueeze(-2);
  const Tensor q = query_ ? query_(source) : source;
  const Tensor k = key_ ? key_(u) : u;
  const Tensor attention = attend((q.unsqueeze(-2) * k).sum(-1), tokens);  // [.., N]
  const Tensor mixed = (attention.unsqueeze(-1) * u).sum(-2);              // [.., D]
  return value_ ? value_(mixed) : mixed;
}

// q~ = W_k^T q. `constant` receives q . b_k, which only matters where it is differentiated or dropped out.
Tensor Fusion::projected_query(const Tensor& source, FusionForm form, Tensor& constant) const {
  if (form == FusionForm::kProduct && query_ && key_) {
    if (!is_trained()) return at::linear(source, folded_->product, folded_->product_bias);
    const Tensor keys = key_->weight.t();
    const Tensor of_bias = at::matmul(source, at::mv(query_->weight.t(), key_->bias));  // [N]
    constant = (of_bias + at::dot(query_->bias, key_->bias)).unsqueeze(-1);
    return at::linear(source, at::mm(keys, query_->weight), at::mv(keys, query_->bias));
  }
  const Tensor q = query_ ? at::linear(source, query_->weight, query_->bias) : source;
  if (!key_) return q;
  constant = at::matmul(q, key_->bias).unsqueeze(-1);  // [.., 1]
  return at::matmul(q, key_->weight);
}

Tensor Fusion::factored(FusionForm form, const Insertion::Read& read, const Tensor& source,
                        const Tokens& tokens) {
  const auto& [z, r] = read;
  if (form == FusionForm::kProduct && !is_trained()) refresh_folded();
  Tensor constant;
  const Tensor q = projected_query(source, form, constant);  // [.., D]
  const Tensor inner = stack_->activate(stack_->down(z));    // [.., M]
  const auto own = stack_->keys(q).split_with_sizes({stack_->width(), stack_->members()}, -1);
  Tensor scores = at::matmul(own[0] * inner, stack_->segment) + own[1];
  if (constant.defined()) scores = scores + constant;
  if (options_.residual_before) scores = scores + (q * r).sum(-1, true);
  const Tensor attention = attend(scores, tokens);                             // [.., N]
  const Tensor weighted = at::matmul(attention, stack_->segment.t()) * inner;  // [.., M]
  Tensor mixed = stack_->values(at::cat({weighted, attention}, -1));           // [.., D]
  if (options_.residual_before) mixed = mixed + r;
  return value_ ? at::linear(mixed, value_->weight) : mixed;
}

Tensor Fusion::folded(const Tensor& z, const Tokens& tokens) {
  refresh_folded();
  const auto parts =
      folded_->in(z).split_with_sizes({stack_->width(), stack_->width(), stack_->members()}, -1);
  const Tensor inner = stack_->activate(parts[0]);  // [.., M]
  const Tensor attention = attend(at::matmul(inner * parts[1], stack_->segment) + parts[2], tokens);
  const Tensor weighted = at::matmul(attention, stack_->segment.t()) * inner;  // [.., M]
  return folded_->out(at::cat({weighted, attention}, -1));
}

void Fusion::refresh_folded() {
  const Version query = version_of(query_), key = version_of(key_), value = version_of(value_);
  if (folded_ && folded_->query == query && folded_->key == key && folded_->value == value) return;
  const torch::NoGradGuard no_grad;
  auto folded = std::make_shared<Folded>(Folded{query, key, value, {}, {}, {}, {}});
  const auto options = stack_->up.options();
  const Tensor identity = at::eye(stack_->hidden(), options);
  const Tensor wq = query_ ? query_->weight : identity, wk = key_ ? key_->weight : identity;
  const Tensor bq = query_ ? query_->bias : at::zeros({identity.size(0)}, options);
  folded->product = at::mm(wk.t(), wq);
  folded->product_bias = at::mv(wk.t(), bq);
  folded->in.weight = at::cat({stack_->down.weight, at::mm(stack_->keys.weight, folded->product)});
  folded->in.bias = at::cat({stack_->down.bias, at::mv(stack_->keys.weight, folded->product_bias)});
  folded->out.weight = value_ ? at::mm(value_->weight, stack_->values.weight) : stack_->values.weight;
  folded_ = std::move(folded);
}

}  // namespace adaptune
