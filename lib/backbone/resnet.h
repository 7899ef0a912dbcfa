#pragma once

#include <memory>

#include "backbone/backbone.h"

namespace adaptune {

// Residual networks of He et al. 2016, by Hugging Face's configuration and names, or with `naming:
// torchvision` (and block: basic | bottleneck, width, depths) by those of torchvision's state dicts.
std::unique_ptr<Backbone> build_resnet(const nlohmann::json& config);
// ResNet-26 of Rebuffi et al. 2017, by the names of the released checkpoints: `width` channels behind the
// stem (32 in the paper), `blocks` of each stage.
std::unique_ptr<Backbone> build_resnet26(const nlohmann::json& config);

}  // namespace adaptune
