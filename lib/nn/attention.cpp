#include "nn/attention.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "nn/copies.h"
#include "nn/dropout.h"

namespace adaptune {
namespace {

using torch::Tensor;

// Where the rows of one sequence lie, in the queries' stream and in the keys'.
struct Span {
  int64_t query, queries, key, keys;
  bool same_shape(const Span& other) const { return queries == other.queries && keys == other.keys; }
};
constexpr int64_t kSpanNumbers = sizeof(Span) / sizeof(int64_t);

// [C B, 4] int64 on the CPU: spans in a form that autograd can carry, copy behind copy.
Tensor spans_of(const AttentionTokens& tokens, int64_t count) {
  Tensor table = torch::empty({count * tokens.queries.rows(), kSpanNumbers}, torch::kInt64);
  auto* span = reinterpret_cast<Span*>(table.data_ptr<int64_t>());
  for (int64_t c = 0; c < count; ++c) {
    const int64_t query = c * tokens.queries.size(), key = c * tokens.keys.size();
    for (int64_t b = 0; b < tokens.queries.rows(); ++b) {
      const Sequence &queries = tokens.queries.sequences[b], &keys = tokens.keys.sequences[b];
      *span++ = {query + queries.begin, queries.length, key + keys.first_key, keys.keys};
    }
  }
  return table;
}

// [N, D] or copies of it -> [C N, D], contiguous
Tensor all_copies(const Tensor& x, int64_t count) {
  if (count == 1) return x.flatten(0, -2).contiguous();
  const Tensor whole = with_copies(x, count);
  return (whole.dim() == 2 ? whole.expand({count, -1, -1}) : whole).reshape({-1, x.size(-1)});
}

// Attention sequence by sequence: the probabilities of one stay in the processor's cache, and backward
// computes them again from query and key.
class SequenceAttention {
 public:
  // query [N, D], key and value [M, D], contiguous
  SequenceAttention(const Tensor& query, const Tensor& key, const Tensor& value, int64_t heads,
                    const Tensor& spans, std::optional<DropoutFactors> factors)
      : query_(query),
        key_(key),
        value_(value),
        spans_(spans),
        heads_(heads),
        factors_(factors),
        scale_(1 / std::sqrt(static_cast<double>(width(query)))) {}

  Tensor forward() const {  // [N, D]
    Tensor output = at::empty_like(query_);
    factors_ ? with_dropout(output) : plain(output);
    return output;
  }

  // Of query, key and value.
  torch::autograd::variable_list backward(const Tensor& gradient) const {
    // Padding is nobody's key.
    const Tensor dq = at::empty_like(query_), dk = at::zeros_like(key_), dv = at::zeros_like(value_);
    each_span([&](const Span& span, uint64_t b) {
      const Tensor probabilities = this->probabilities(span);  // [H, T, S]
      const Tensor dy = of_queries(gradient, span);
      Tensor dropped = factors_ ? probabilities.clone() : probabilities;
      drop(dropped, b);
      of_keys(dv, span).copy_(at::bmm(dropped.transpose(1, 2), dy));
      Tensor d_probabilities = at::bmm(dy, of_keys(value_, span).transpose(1, 2));
      drop(d_probabilities, b);
      const Tensor d_scores =
          at::_softmax_backward_data(d_probabilities, probabilities, -1, probabilities.scalar_type());
      of_queries(dq, span).copy_(at::bmm(d_scores, of_keys(key_, span))).mul_(scale_);
      of_keys(dk, span).copy_(at::bmm(d_scores.transpose(1, 2), of_queries(query_, span))).mul_(scale_);
    });
    return {dq, dk, dv};
  }

 private:
  const Span* spans() const { return reinterpret_cast<const Span*>(spans_.const_data_ptr<int64_t>()); }

  template <class Function>
  void each_span(const Function& function) const {
    at::parallel_for(0, spans_.size(0), 1, [&](int64_t begin, int64_t end) {
      const at::AutoDispatchBelowADInplaceOrView no_autograd;
      for (int64_t b = begin; b < end; ++b) function(spans()[b], static_cast<uint64_t>(b));
    });
  }

  void with_dropout(Tensor& output) const {
    each_span([&](const Span& span, uint64_t b) {
      Tensor probabilities = this->probabilities(span);
      drop(probabilities, b);
      of_queries(output, span).copy_(at::bmm(probabilities, of_keys(value_, span)));
    });
  }

  // Neighbours of one shape at once.
  void plain(Tensor& output) const {
    const Span *span = spans(), *end = span + spans_.size(0);
    while (span < end) {
      const Span* next = span + 1;
      const int64_t stride = next < end ? next->key - span->key : 0;
      while (next < end && next->same_shape(*span) && next->key - (next - 1)->key == stride) ++next;
      const int64_t count = next - span, keys = count == 1 ? span->keys : stride;
      const Tensor q = run(query_, span->query, count, span->queries);
      const auto of_run = [&](const Tensor& x) {
        // The last sequence may end before its stride does.
        return x.as_strided({count, heads_, span->keys, width(x)}, {keys * x.size(1), width(x), x.size(1), 1},
                            x.storage_offset() + span->key * x.size(1));
      };
      run(output, span->query, count, span->queries)
          .copy_(at::scaled_dot_product_attention(q, of_run(key_), of_run(value_)));
      span = next;
    }
  }

  int64_t width(const Tensor& x) const { return x.size(1) / heads_; }
  // Rows as [G, H, length, D / H].
  Tensor run(const Tensor& x, int64_t begin, int64_t count, int64_t length) const {
    return x.narrow(0, begin, count * length).view({count, length, heads_, width(x)}).transpose(1, 2);
  }
  // [H, length, D / H]
  Tensor of_queries(const Tensor& x, const Span& span) const {
    return run(x, span.query, 1, span.queries)[0];
  }
  Tensor of_keys(const Tensor& x, const Span& span) const { return run(x, span.key, 1, span.keys)[0]; }

  Tensor probabilities(const Span& span) const {  // before dropout: [H, T, S]
    return at::softmax(at::bmm(of_queries(query_, span) * scale_, of_keys(key_, span).transpose(1, 2)), -1);
  }

  void drop(Tensor& probabilities, uint64_t b) const {
    if (!factors_) return;
    AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, probabilities.scalar_type(), "attention", [&] {
      factors_->apply(probabilities.mutable_data_ptr<scalar_t>(), probabilities.numel(), b);
    });
  }

  Tensor query_, key_, value_, spans_;
  int64_t heads_;
  std::optional<DropoutFactors> factors_;
  double scale_;
};

struct Attention : public torch::autograd::Function<Attention> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& query, const Tensor& key,
                        const Tensor& value, int64_t heads, const Tensor& spans, double dropout) {
    std::optional<DropoutFactors> factors;
    if (dropout > 0) factors.emplace(dropout);
    context->save_for_backward({query, key, value});
    context->saved_data["spans"] = spans;
    context->saved_data["heads"] = heads;
    context->saved_data["dropout"] = dropout;
    context->saved_data["seed"] = factors ? static_cast<int64_t>(factors->seed()) : 0;
    return SequenceAttention(query, key, value, heads, spans, factors).forward();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    auto& data = context->saved_data;
    std::optional<DropoutFactors> factors;
    if (data["dropout"].toDouble() > 0)
      factors.emplace(data["dropout"].toDouble(), static_cast<uint64_t>(data["seed"].toInt()));
    const SequenceAttention attention(saved[0], saved[1], saved[2], data["heads"].toInt(),
                                      data["spans"].toTensor(), factors);
    auto inputs = attention.backward(gradients[0].contiguous());
    inputs.resize(6);
    return inputs;
  }
};

// [B * T] int64: the places of a stream's rows when each sequence is padded to T; `real` alone.
struct Places {
  Places(const std::vector<Sequence>& sequences, bool real, torch::Device device) {
    std::vector<int64_t> rows, places;
    for (const auto& s : sequences) length = std::max(length, real ? s.keys : s.length);
    for (size_t b = 0; b < sequences.size(); ++b) {
      const auto& s = sequences[b];
      const int64_t begin = real ? s.first_key : s.begin, count = real ? s.keys : s.length;
      for (int64_t i = 0; i < count; ++i) {
        rows.push_back(begin + i);
        places.push_back(static_cast<int64_t>(b) * length + i);
      }
    }
    size = static_cast<int64_t>(sequences.size()) * length;
    row = torch::tensor(rows, torch::kInt64).to(device);
    place = torch::tensor(places, torch::kInt64).to(device);
  }
  // [N, D] -> [B, H, T, D / H], zeros at padding
  Tensor pad(const Tensor& x, int64_t heads) const {
    const Tensor padded =
        at::zeros({size, x.size(1)}, x.options()).index_copy(0, place, x.index_select(0, row));
    return padded.view({size / length, length, heads, x.size(1) / heads}).transpose(1, 2);
  }
  int64_t length = 1, size = 0;
  Tensor row, place;
};

}  // namespace

Tensor multi_head_attention(const Tensor& query, const Tensor& key, const Tensor& value, int64_t heads,
                            const AttentionTokens& tokens, double dropout) {
  const int64_t count = std::max({copies(query), copies(key), copies(value)});
  if (!query.is_cpu() || dropout >= 1) {
    if (count == 1) return padded_attention(query, key, value, heads, tokens, dropout);
    std::vector<Tensor> outputs;
    for (int64_t c = 0; c < count; ++c) {
      outputs.push_back(
          padded_attention(copy_of(query, c), copy_of(key, c), copy_of(value, c), heads, tokens, dropout));
    }
    return at::stack(outputs);
  }
  const Tensor mixed = Attention::apply(all_copies(query, count), all_copies(key, count),
                                        all_copies(value, count), heads, spans_of(tokens, count), dropout);
  return query.dim() == 2 && count == 1 ? mixed : mixed.view({count, -1, mixed.size(1)});
}

Tensor padded_attention(const Tensor& query, const Tensor& key, const Tensor& value, int64_t heads,
                        const AttentionTokens& tokens, double dropout) {
  const Places queries(tokens.queries.sequences, false, query.device());
  const Places keys(tokens.keys.sequences, true, query.device());
  const Tensor real = at::zeros({keys.size}, query.options().dtype(torch::kBool))
                          .index_fill(0, keys.place, true)
                          .view({-1, 1, 1, keys.length});
  const Tensor mixed = at::scaled_dot_product_attention(queries.pad(query, heads), keys.pad(key, heads),
                                                        keys.pad(value, heads), real, dropout);
  return mixed.transpose(1, 2).reshape({queries.size, query.size(1)}).index_select(0, queries.place);
}

}  // namespace adaptune
