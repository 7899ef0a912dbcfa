#pragma once

#include <memory>

#include "backbone/backbone.h"

namespace adaptune {

// Vision Transformer, Dosovitskiy et al. 2021: an image's patches are its tokens, behind a class token.
std::unique_ptr<Backbone> build_vit(const nlohmann::json& config);

}  // namespace adaptune
