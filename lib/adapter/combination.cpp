#include "adapter/combination.h"

namespace adaptune {

using torch::Tensor;

namespace {

constexpr double kBesideDiagonal = 1e-6;

}  // namespace

const std::vector<std::string>& combination_names() {
  static const std::vector<std::string> names = {"concat", "add", "attention"};
  return names;
}

Combination::Combination(const std::string& name, int64_t members, int64_t hidden_size, double init_range)
    : name_(name) {
  const int64_t d = hidden_size;
  if (name == "concat") {
    for (int64_t n = 0; n < members; ++n)
      dense_.push_back(add_linear("dense_" + std::to_string(n), 2 * d, d, init_range));
    if (members > 1) joint_ = add_linear("joint", members * d, d, init_range);
  } else if (name == "attention") {
    query_ = add_linear("query", d, d, init_range);
    key_ = add_linear("key", d, d, init_range);
    value_ = register_module("value", torch::nn::Linear(torch::nn::LinearOptions(d, d).bias(false)));
    const torch::NoGradGuard no_grad;
    value_->weight.fill_(kBesideDiagonal).fill_diagonal_(1);
  }
}

torch::nn::Linear Combination::add_linear(const std::string& name, int64_t in, int64_t out,
                                          double init_range) {
  const torch::NoGradGuard no_grad;
  auto linear = register_module(name, torch::nn::Linear(in, out));
  linear->weight.normal_(0, init_range);
  linear->bias.zero_();
  return linear;
}

Tensor Combination::forward(const Tensor& h, const std::vector<Tensor>& members, const Tensor& real) {
  if (name_ == "concat") return concatenated(h, members);
  if (name_ == "attention") return attended(h, members, real);
  Tensor sum = h;
  for (const auto& member : members) sum = sum + member;
  return sum;
}

Tensor Combination::concatenated(const Tensor& h, const std::vector<Tensor>& members) {
  std::vector<Tensor> parts;
  for (size_t n = 0; n < members.size(); ++n) parts.push_back(dense_[n](at::cat({h, members[n]}, -1)));
  return joint_ ? joint_(at::cat(parts, -1)) : parts.front();
}

Tensor Combination::attended(const Tensor& h, const std::vector<Tensor>& members, const Tensor& real) {
  const Tensor all = at::stack(members, -2);                                         // [R, N, D]
  const Tensor scores = at::matmul(key_(all), query_(h).unsqueeze(-1)).squeeze(-1);  // [R, N]
  const Tensor shares = at::softmax(scores, -1);
  if (records_) record(shares.detach(), real);
  return h + value_(at::matmul(shares.unsqueeze(-2), all).squeeze(-2));
}

void Combination::record(const Tensor& shares, const Tensor& real) {
  last_attention_ = shares;
  const Tensor counted = (real.defined() ? shares.index({real}) : shares).to(torch::kFloat64);
  const Tensor sum = counted.sum(0);
  attention_sum_ = attention_sum_.defined() ? attention_sum_ + sum : sum;
  attention_tokens_ += static_cast<double>(counted.size(0));
}

void Combination::record_attention(bool on) {
  records_ = on;
  last_attention_ = attention_sum_ = Tensor();
  attention_tokens_ = 0;
}

Tensor Combination::mean_attention() const {
  return attention_sum_.defined() ? attention_sum_ / attention_tokens_ : attention_sum_;
}

}  // namespace adaptune
