#pragma once

#include <nlohmann/json_fwd.hpp>

#include <memory>

#include "backbone/backbone.h"

namespace adaptune {

// BERT, Devlin et al. 2019: post-norm encoder with learned positions and a tanh pooler on token 0.
std::unique_ptr<Backbone> build_bert(const nlohmann::json& config);

}  // namespace adaptune
