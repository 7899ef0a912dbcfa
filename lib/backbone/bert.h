#pragma once

#include <nlohmann/json_fwd.hpp>

#include <memory>

#include "backbone/backbone.h"

namespace adaptune {

// BERT, Devlin et al. 2019: post-norm encoder with learned positions and a tanh pooler on token 0.
std::unique_ptr<Backbone> build_bert(const nlohmann::json& config);
// RoBERTa, Liu et al. 2019, and XLM-RoBERTa, Conneau et al. 2020: the same network, whose positions are
// counted over tokens that are no padding and begin behind the padding's.
std::unique_ptr<Backbone> build_roberta(const nlohmann::json& config);
std::unique_ptr<Backbone> build_xlm_roberta(const nlohmann::json& config);

}  // namespace adaptune
