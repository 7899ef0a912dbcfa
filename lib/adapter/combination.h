#pragma once
// Features of knowledge adapters beside those of their encoder, made into one (Wang et al. 2021,
// section 3.3).

#include <torch/torch.h>

#include <string>
#include <vector>

namespace adaptune {

// The ways, as `fusion.config` names them, for the encoder's features h and c_n of N adapters:
//   concat     W [W_1 [h; c_1]; ...; W_N [h; c_N]], biases left out here; without W where N = 1
//   add        h + c_1 + ... + c_N
//   attention  h + V sum_n s_n c_n, s = softmax_n(Q h . K c_n), as AdapterFusion (Pfeiffer et al. 2021)
const std::vector<std::string>& combination_names();

class Combination : public torch::nn::Module {
 public:
  // Fresh: linear layers normal with `init_range` and biases zero, V the identity with 1e-6 beside the
  // diagonal.
  Combination(const std::string& name, int64_t members, int64_t hidden_size, double init_range);
  // [R, D] of the same R tokens each -> [R, D]. `real`: [R], which of them are no padding; undefined: all.
  torch::Tensor forward(const torch::Tensor& h, const std::vector<torch::Tensor>& members,
                        const torch::Tensor& real = {});

  // Whether `parameter` is V.
  bool is_value(const torch::Tensor& parameter) const { return value_ && value_->weight.is_same(parameter); }
  // Keeps the attention of the last pass and its mean over the real tokens of all from here on; only
  // `attention` has one.
  void record_attention(bool on);
  const torch::Tensor& last_attention() const { return last_attention_; }  // [R, N]
  torch::Tensor mean_attention() const;  // [N] float64; undefined before the first pass, and for other ways

 private:
  torch::nn::Linear add_linear(const std::string& name, int64_t in, int64_t out, double init_range);
  torch::Tensor concatenated(const torch::Tensor& h, const std::vector<torch::Tensor>& members);
  torch::Tensor attended(const torch::Tensor& h, const std::vector<torch::Tensor>& members,
                         const torch::Tensor& real);
  void record(const torch::Tensor& shares, const torch::Tensor& real);

  std::string name_;
  std::vector<torch::nn::Linear> dense_;  // of each member
  torch::nn::Linear joint_{nullptr}, query_{nullptr}, key_{nullptr}, value_{nullptr};
  bool records_ = false;
  torch::Tensor last_attention_, attention_sum_;
  double attention_tokens_ = 0;
};

}  // namespace adaptune
