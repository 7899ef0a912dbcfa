#pragma once
// Parts of residual networks for images, with a site around every function an adapter may wrap.

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nn/batch_norm.h"
#include "nn/convolution.h"
#include "nn/site.h"

namespace adaptune {

// A convolution without bias and the batch norm behind it.
struct ConvolutionShape {
  std::string name, norm;  // the checkpoint's names
  int64_t in = 0, out = 0, kernel = 1, stride = 1, padding = 0;
};

class ConvolutionUnit {
 public:
  // Its sites are at `place` + "conv<suffix>" and "norm<suffix>" of the layer; -1: outside of the layers.
  ConvolutionUnit(const ConvolutionShape& shape, int64_t layer, const std::string& place,
                  const std::string& suffix = "");

  // [B, in, H, W] -> [B, out, H', W']; where nothing of a task is in it, as one convolution with a bias.
  torch::Tensor operator()(const torch::Tensor& x, const SiteContext& context) const;
  std::vector<Site*> sites() { return {&convolution_site_, &norm_site_}; }
  const ConvolutionShape& shape() const { return shape_; }
  int64_t layer() const { return convolution_site_.info().layer; }

  Convolution convolution;
  BatchNorm norm;

 private:
  // The norm written into the convolution, and what that was made from.
  struct Folded {
    std::vector<torch::Tensor> sources;
    std::vector<int64_t> versions;  // of their values
    Convolution one;
  };
  bool is_frozen() const;
  const Convolution& folded() const;

  ConvolutionShape shape_;
  Site convolution_site_, norm_site_;
  mutable Folded folded_;
};

enum class Shortcut { kIdentity, kConvolution, kAveragedAndFilled };

struct ResidualBlockShape {
  std::vector<ConvolutionShape> convolutions;  // two or three
  Shortcut shortcut = Shortcut::kIdentity;
  ConvolutionShape projection;  // of kConvolution
};

// relu(units(x) + shortcut(x)), He et al. 2016, with a ReLU between the units.
class ResidualBlock {
 public:
  ResidualBlock(const ResidualBlockShape& shape, int64_t layer, const std::string& place);

  torch::Tensor forward(const torch::Tensor& x, const SiteContext& context) const;
  std::vector<Site*> sites();
  std::vector<ConvolutionUnit*> units();  // the shortcut's last
  int64_t layer() const { return units_.front()->layer(); }

 private:
  torch::Tensor shortcut(const torch::Tensor& x, const torch::Tensor& y, const SiteContext& context) const;

  Shortcut shortcut_;
  std::vector<std::unique_ptr<ConvolutionUnit>> units_;
  std::unique_ptr<ConvolutionUnit> projection_;
};

}  // namespace adaptune
