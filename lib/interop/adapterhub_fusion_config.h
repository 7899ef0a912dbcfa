#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "adapter/fusion.h"

namespace adaptune {

// adapter_fusion_config.json, section 7.1 of the format.
struct AdapterHubFusionConfig {
  std::string name;
  std::vector<std::string> adapter_names;  // in the order of the attention's columns
  FusionOptions options;
};

// `file` is the whole file. A dropout_prob of 0 means the model's attention dropout there, which is our
// empty value. InputError for what is wrong; as in the library, `config` must hold all ten keys.
AdapterHubFusionConfig read_adapterhub_fusion_config(const nlohmann::json& file, const std::string& where);

// The `config` object. A dropout_prob of 0 is written as 0.0; the library cannot express no dropout and
// would, training on, take the model's attention dropout.
nlohmann::json adapterhub_fusion_config(const FusionOptions& options);

}  // namespace adaptune
