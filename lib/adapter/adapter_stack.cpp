#include "adapter/adapter_stack.h"

#include <algorithm>
#include <optional>

#include "adapter/bottleneck.h"
#include "nn/copies.h"

namespace adaptune {
namespace {

using torch::Tensor;

// The function of a site, computed once for what it is asked about first: all copies share the value of
// their common input.
class Remembered {
 public:
  explicit Remembered(TensorFn base) : base_(base) {}
  Tensor operator()(const Tensor& x) const {
    if (input_.defined() && input_.is_same(x)) return output_;
    const Tensor y = base_(x);
    if (!input_.defined()) {
      input_ = x;
      output_ = y;
    }
    return y;
  }

 private:
  TensorFn base_;
  mutable Tensor input_, output_;
};

std::vector<uint64_t> versions_of(const std::vector<std::shared_ptr<Adapter>>& members) {
  std::vector<uint64_t> versions;
  for (const auto& member : members) {
    if (!member) continue;
    for (const auto& parameter : member->parameters()) versions.push_back(parameter._version());
  }
  return versions;
}

Tensor padded(const Tensor& matrix, int64_t dim, int64_t width) {
  const int64_t missing = width - matrix.size(dim);
  if (missing == 0) return matrix;
  auto shape = matrix.sizes().vec();
  shape[dim] = missing;
  return at::cat({matrix, at::zeros(shape, matrix.options())}, dim);
}

}  // namespace

// u_c(z) = U_c f(D_c z + d_c) + b_c for all members at once, narrow ones filled up with zeros.
struct AdapterStack::Batched {
  std::vector<uint64_t> versions;
  Insertion insertion;
  Activation activation;
  Tensor down, down_bias, up, up_bias;  // [C, D, m], [C, 1, m], [C, m, D], [C, 1, D]

  Tensor delta(const Tensor& z) const {  // [C, N, D]
    const int64_t count = down.size(0);
    const Tensor inner = activation(at::matmul(with_copies(z, count), down) + down_bias);
    return at::baddbmm(up_bias, inner, up);
  }
};

AdapterStack::AdapterStack(std::vector<std::shared_ptr<Adapter>> members) : members_(std::move(members)) {
  TORCH_CHECK(std::any_of(members_.begin(), members_.end(), [](const auto& member) { return member; }),
              "a stack needs at least one adapter");
}

bool AdapterStack::is_token_wise() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const auto& member) { return !member || member->is_token_wise(); });
}

bool AdapterStack::needs_padding() const {
  return std::any_of(members_.begin(), members_.end(),
                     [](const auto& member) { return member && member->needs_padding(); });
}

Tensor AdapterStack::forward(const Tensor& x, TensorFn base, const SiteContext& context) {
  const Remembered remembered(base);
  return context.stream ? residual(x, remembered, context) : by_copy(x, remembered, context);
}

Tensor AdapterStack::by_copy(const Tensor& x, TensorFn base, const SiteContext& context) {
  std::vector<Tensor> outputs;
  for (size_t c = 0; c < members_.size(); ++c) {
    const auto copy = static_cast<int64_t>(c);
    // Where the tasks' tensors below differ, the function gives a value for each.
    const auto own_base = [&](const Tensor& value) { return copy_of(base(value), copy); };
    const Tensor own = copy_of(x, copy);
    outputs.push_back(members_[c] ? members_[c]->forward(own, own_base, context) : own_base(own));
  }
  return at::stack(outputs);
}

// Without a member a copy is base(h), so what it hands to base is h.
Tensor AdapterStack::residual(const Tensor& h, TensorFn base, const SiteContext& context) {
  const auto count = static_cast<int64_t>(members_.size());
  if (const auto stack = batched()) {
    const auto [z, r] = stack->insertion.read(h, base, context);
    const Tensor u = stack->delta(z);
    return stack->insertion.write(stack->insertion.is_parallel ? u : u + with_copies(r, count),
                                  with_copies(h, count), base);
  }
  std::vector<Tensor> sums(count), plain(count);
  for (int64_t c = 0; c < count; ++c) {
    const Tensor own_h = copy_of(h, c);
    sums[c] = own_h;
    if (!members_[c]) continue;
    auto& member = dynamic_cast<ResidualAdapter&>(*members_[c]);
    const auto read = member.insertion().read(h, base, context);
    const Tensor o = member.change({copy_of(read.z, c), copy_of(read.r, c)}, own_h, context.tokens);
    sums[c] = member.insertion().is_parallel ? o + own_h : o;
    if (!member.insertion().original_ln_after) plain[c] = sums[c];
  }
  const Tensor normed = base(at::stack(sums));
  if (std::none_of(plain.begin(), plain.end(), [](const Tensor& own) { return own.defined(); }))
    return normed;
  for (int64_t c = 0; c < count; ++c) {
    if (!plain[c].defined()) plain[c] = normed[c];
  }
  return at::stack(plain);
}

// The factors side by side; null where the members are no plain bottlenecks of one kind.
std::shared_ptr<const AdapterStack::Batched> AdapterStack::batched() {
  const auto versions = versions_of(members_);
  const bool records = torch::GradMode::is_enabled();
  if (!records && batched_ && batched_->versions == versions) return batched_;
  std::vector<std::optional<BottleneckFactors>> factors;
  const Bottleneck* first = nullptr;
  int64_t width = 0;
  for (const auto& member : members_) {
    factors.emplace_back();
    if (!member) continue;
    const auto* bottleneck = dynamic_cast<const Bottleneck*>(member.get());
    if (!bottleneck || !bottleneck->is_plain()) return nullptr;
    if (!first) first = bottleneck;
    factors.back() = bottleneck->factors();
    width = std::max(width, factors.back()->down.size(0));
    if (!(bottleneck->insertion() == first->insertion()) ||
        bottleneck->non_linearity() != first->non_linearity())
      return nullptr;
  }
  const bool some_null = std::any_of(factors.begin(), factors.end(), [](const auto& f) { return !f; });
  const Insertion& insertion = first->insertion();
  const bool passes_h = insertion.is_parallel || insertion.residual == Insertion::Residual::kInput;
  if (some_null && !(passes_h && insertion.original_ln_after)) return nullptr;
  auto stack = std::make_shared<Batched>(Batched{versions, insertion, {}, {}, {}, {}, {}});
  std::vector<Tensor> down, down_bias, up, up_bias;
  const Tensor* like = nullptr;
  for (const auto& own : factors) {
    if (own) like = &own->down;
  }
  const int64_t hidden = like->size(1);
  for (const auto& own : factors) {
    if (own) stack->activation = own->activation;
    down.push_back(own ? padded(own->down, 0, width).t() : at::zeros({hidden, width}, like->options()));
    down_bias.push_back(own ? padded(own->down_bias, 0, width) : at::zeros({width}, like->options()));
    up.push_back(own ? padded(own->up, 1, width).t() : at::zeros({width, hidden}, like->options()));
    up_bias.push_back(own ? own->up_bias : at::zeros({hidden}, like->options()));
  }
  stack->down = at::stack(down);
  stack->down_bias = at::stack(down_bias).unsqueeze(1);
  stack->up = at::stack(up);
  stack->up_bias = at::stack(up_bias).unsqueeze(1);
  if (!records) batched_ = stack;
  return stack;
}

}  // namespace adaptune
