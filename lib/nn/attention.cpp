#include "nn/attention.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "nn/dropout.h"

namespace adaptune {
namespace {

using torch::Tensor;

// [B, T, D] -> [B, H, T, D/H], without a copy
Tensor split_heads(const Tensor& x, int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

Tensor join_heads(const Tensor& x) {
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), x.size(1) * x.size(3)});
}

// Attention with dropout on its probabilities, example by example: the probabilities of one stay in the
// processor's cache, and backward computes them again from query and key, so that nothing of size T x S is
// ever kept.
class DroppedAttention {
 public:
  DroppedAttention(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& bias,
                   const DropoutFactors& factors)
      : query_(query),
        key_(key),
        value_(value),
        bias_(bias),
        factors_(factors),
        scale_(1 / std::sqrt(static_cast<double>(query.size(3)))) {}

  Tensor forward() const {  // [B, H, T, D/H], as a view of [B, T, H, D/H]
    const Tensor output = empty_like_tokens(query_);
    each_example([&](int64_t b) {
      Tensor probabilities = this->probabilities(b);
      drop(probabilities, b);
      output[b].copy_(at::bmm(probabilities, value_[b]));
    });
    return output;
  }

  // Of query, key and value.
  torch::autograd::variable_list backward(const Tensor& gradient) const {
    const Tensor dq = empty_like_tokens(query_), dk = empty_like_tokens(key_), dv = empty_like_tokens(value_);
    each_example([&](int64_t b) {
      const Tensor probabilities = this->probabilities(b);  // [H, T, S]
      Tensor dropped = probabilities.clone();
      drop(dropped, b);
      dv[b].copy_(at::bmm(dropped.transpose(1, 2), gradient[b]));
      Tensor& d_probabilities = dropped;
      at::bmm_out(d_probabilities, gradient[b], value_[b].transpose(1, 2));
      drop(d_probabilities, b);
      const Tensor d_scores =
          at::_softmax_backward_data(d_probabilities, probabilities, -1, probabilities.scalar_type());
      dq[b].copy_(at::bmm(d_scores, key_[b])).mul_(scale_);
      dk[b].copy_(at::bmm(d_scores.transpose(1, 2), query_[b])).mul_(scale_);
    });
    return {dq, dk, dv};
  }

 private:
  static Tensor empty_like_tokens(const Tensor& x) {
    return at::empty({x.size(0), x.size(2), x.size(1), x.size(3)}, x.options()).transpose(1, 2);
  }

  template <class Function>
  void each_example(const Function& function) const {
    at::parallel_for(0, query_.size(0), 1, [&](int64_t begin, int64_t end) {
      const at::AutoDispatchBelowADInplaceOrView no_autograd;
      for (int64_t b = begin; b < end; ++b) function(b);
    });
  }

  Tensor probabilities(int64_t b) const {  // before dropout
    Tensor scores = at::bmm(query_[b] * scale_, key_[b].transpose(1, 2));
    if (bias_.defined()) scores += bias_.size(0) == 1 ? bias_[0] : bias_[b];
    return at::softmax(scores, -1);
  }

  void drop(Tensor& probabilities, int64_t b) const {
    AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, probabilities.scalar_type(), "attention", [&] {
      factors_.apply(probabilities.mutable_data_ptr<scalar_t>(), probabilities.numel(),
                     static_cast<uint64_t>(b));
    });
  }

  Tensor query_, key_, value_, bias_;
  DropoutFactors factors_;
  double scale_;
};

struct AttentionWithDropout : public torch::autograd::Function<AttentionWithDropout> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& query, const Tensor& key,
                        const Tensor& value, const std::optional<Tensor>& bias, double probability) {
    const DropoutFactors factors(probability);
    context->save_for_backward({query, key, value, bias.value_or(Tensor())});
    context->saved_data["probability"] = probability;
    context->saved_data["seed"] = static_cast<int64_t>(factors.seed());
    return DroppedAttention(query, key, value, bias.value_or(Tensor()), factors).forward();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const DropoutFactors factors(context->saved_data["probability"].toDouble(),
                                 static_cast<uint64_t>(context->saved_data["seed"].toInt()));
    auto inputs = DroppedAttention(saved[0], saved[1], saved[2], saved[3], factors).backward(gradients[0]);
    inputs.resize(5);
    return inputs;
  }
};

}  // namespace

Tensor multi_head_attention(const Tensor& query, const Tensor& key, const Tensor& value, int64_t heads,
                            const Tokens& tokens, double dropout) {
  const Tensor q = split_heads(query, heads), k = split_heads(key, heads), v = split_heads(value, heads);
  const auto bias = tokens.attention_bias.defined() ? std::optional(tokens.attention_bias) : std::nullopt;
  if (dropout > 0 && dropout < 1 && query.is_cpu()) {
    return join_heads(AttentionWithDropout::apply(q, k, v, bias, dropout));
  }
  return join_heads(at::scaled_dot_product_attention(q, k, v, bias, dropout));
}

Tokens first_token(const Tokens& tokens) {
  Tokens first = tokens;
  first.length = 1;
  if (tokens.mask.defined()) first.mask = tokens.mask.narrow(1, 0, 1);
  return first;
}

Tokens padded_tokens(const Tensor& input_ids, const Tensor& attention_mask) {
  Tokens tokens;
  tokens.rows = input_ids.size(0);
  tokens.length = input_ids.size(1);
  if (!attention_mask.defined()) return tokens;
  tokens.mask = attention_mask.to(torch::kBool);
  const auto zero = at::zeros({}, input_ids.options().dtype(torch::kFloat32));
  tokens.attention_bias =
      at::where(tokens.mask, zero, at::full_like(zero, std::numeric_limits<float>::lowest()))
          .unsqueeze(1)
          .unsqueeze(1);
  return tokens;
}

}  // namespace adaptune
