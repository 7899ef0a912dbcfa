#pragma once

#include <memory>
#include <vector>

#include "adapter/residual_adapter.h"

namespace adaptune {

// The adapters of several tasks at one site in one pass (nn/copies.h): copy c of the result is that of member
// c. Bottlenecks of one kind run as batched products. Rücklé et al. 2021, section 3.3.
class AdapterStack final : public Adapter {
 public:
  // Null: that copy runs as the backbone's own. Members are borrowed.
  explicit AdapterStack(std::vector<std::shared_ptr<Adapter>> members);

  // x [N, in] or [C', N, in] -> [C, N, out], C the number of members
  torch::Tensor forward(const torch::Tensor& x, TensorFn base, const SiteContext& context) override;
  bool is_token_wise() const override;
  bool needs_padding() const override;

 private:
  struct Batched;  // the members' factors, one behind the other
  torch::Tensor residual(const torch::Tensor& h, TensorFn base, const SiteContext& context);
  torch::Tensor by_copy(const torch::Tensor& x, TensorFn base, const SiteContext& context);
  std::shared_ptr<const Batched> batched();

  std::vector<std::shared_ptr<Adapter>> members_;
  std::shared_ptr<const Batched> batched_;
};

}  // namespace adaptune
