#include "nn/site.h"

#include <algorithm>
#include <utility>

#include "nn/adapter.h"

namespace adaptune {

namespace {

std::string joined(std::string path, const std::string& layer, const std::string& place) {
  if (!layer.empty()) path += "/" + layer;
  if (!path.empty()) path += "/";
  path += place;
  std::replace(path.begin(), path.end(), '.', '/');
  return path;
}

}  // namespace

std::string SiteInfo::path() const { return joined(stack, layer >= 0 ? std::to_string(layer) : "", place); }

std::string SiteInfo::shared_path() const { return joined(stack, layer >= 0 ? "shared" : "", place); }

torch::Tensor Site::operator()(const torch::Tensor& x, TensorFn base, const SiteContext& context) const {
  return adapter_ ? adapter_->forward(x, base, context) : base(x);
}

bool Site::is_token_wise() const { return !adapter_ || adapter_->is_token_wise(); }

void Site::attach(std::shared_ptr<Adapter> adapter) {
  TORCH_CHECK(!adapter_, "site ", info_.path(), " already holds an adapter");
  adapter_ = std::move(adapter);
}

}  // namespace adaptune
