#include "nn/site.h"

#include <algorithm>
#include <utility>

#include "nn/adapter.h"

namespace adaptune {

std::string SiteInfo::path() const {
  std::string path = stack;
  if (layer >= 0) path += "/" + std::to_string(layer);
  if (!path.empty()) path += "/";
  path += place;
  std::replace(path.begin(), path.end(), '.', '/');
  return path;
}

torch::Tensor Site::operator()(const torch::Tensor& x, TensorFn base, const SiteContext& context) const {
  return adapter_ ? adapter_->forward(x, base, context) : base(x);
}

bool Site::is_token_wise() const { return !adapter_ || adapter_->is_token_wise(); }

void Site::attach(std::shared_ptr<Adapter> adapter) {
  TORCH_CHECK(!adapter_, "site ", info_.path(), " already holds an adapter");
  adapter_ = std::move(adapter);
}

}  // namespace adaptune
