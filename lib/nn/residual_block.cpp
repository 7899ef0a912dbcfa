#include "nn/residual_block.h"

#include <torch/torch.h>

namespace adaptune {

using torch::Tensor;

ConvolutionUnit::ConvolutionUnit(const ConvolutionShape& shape, int64_t layer, const std::string& place,
                                 const std::string& suffix)
    : shape_(shape),
      convolution_site_({layer < 0 ? "" : "encoder", layer, place + "conv" + suffix, SiteKind::kConv,
                         shape.in, shape.out, shape.name, &convolution.weight, shape.kernel, shape.stride,
                         shape.padding}),
      norm_site_({layer < 0 ? "" : "encoder", layer, place + "norm" + suffix, SiteKind::kNorm, shape.out,
                  shape.out, shape.norm, &norm.weight}) {
  convolution.stride = shape.stride;
  convolution.padding = shape.padding;
}

bool ConvolutionUnit::is_frozen() const {
  return convolution_site_.empty() && norm_site_.empty() && !convolution.weight.requires_grad() &&
         !norm.weight.requires_grad() && convolution.weight.scalar_type() == torch::kFloat32;
}

const Convolution& ConvolutionUnit::folded() const {
  const std::vector<Tensor> sources{convolution.weight, norm.weight, norm.bias, norm.running_mean,
                                    norm.running_var};
  bool is_fresh = folded_.sources.size() == sources.size();
  for (size_t i = 0; is_fresh && i < sources.size(); ++i)
    is_fresh = folded_.sources[i].is_same(sources[i]) && folded_.versions[i] == sources[i]._version();
  if (is_fresh) return folded_.one;
  folded_ = {sources, {}, convolution};
  for (const auto& source : sources) folded_.versions.push_back(source._version());
  const FoldedNorm both = fold_norm(convolution.weight, norm);
  folded_.one.weight = both.weight;
  folded_.one.bias = both.bias;
  return folded_.one;
}

Tensor ConvolutionUnit::operator()(const Tensor& x, const SiteContext& context) const {
  if (is_frozen()) return folded()(x);
  return norm_site_(convolution_site_(x, convolution, context), norm, context);
}

ResidualBlock::ResidualBlock(const ResidualBlockShape& shape, int64_t layer, const std::string& place)
    : shortcut_(shape.shortcut) {
  for (const auto& convolution : shape.convolutions) {
    units_.push_back(
        std::make_unique<ConvolutionUnit>(convolution, layer, place, std::to_string(units_.size() + 1)));
  }
  if (shortcut_ == Shortcut::kConvolution)
    projection_ = std::make_unique<ConvolutionUnit>(shape.projection, layer, place + "shortcut.");
}

Tensor ResidualBlock::forward(const Tensor& x, const SiteContext& context) const {
  Tensor y = x;
  for (const auto& unit : units_) {
    if (unit != units_.front()) y = at::relu(y);
    y = (*unit)(y, context);
  }
  return at::relu(y + shortcut(x, y, context));
}

Tensor ResidualBlock::shortcut(const Tensor& x, const Tensor& y, const SiteContext& context) const {
  switch (shortcut_) {
    case Shortcut::kIdentity:
      return x;
    case Shortcut::kConvolution:
      return (*projection_)(x, context);
    case Shortcut::kAveragedAndFilled:
      break;
  }
  const Tensor averaged = at::avg_pool2d(x, 2);
  return at::constant_pad_nd(averaged, {0, 0, 0, 0, 0, y.size(1) - averaged.size(1)});
}

std::vector<Site*> ResidualBlock::sites() {
  std::vector<Site*> all;
  for (auto* unit : units()) {
    for (Site* site : unit->sites()) all.push_back(site);
  }
  return all;
}

std::vector<ConvolutionUnit*> ResidualBlock::units() {
  std::vector<ConvolutionUnit*> all;
  for (const auto& unit : units_) all.push_back(unit.get());
  if (projection_) all.push_back(projection_.get());
  return all;
}

}  // namespace adaptune
