#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "adapter/method.h"
#include "backbone/backbone.h"

namespace adaptune {

// The options in an adapter_config.json (`file` is the whole file, legacy spellings already mended).
// Bottlenecks, LoRA and IA3 in their plain forms; sections 3.1 and 3.2 of the format. InputError
// "where: 'key' ..." for what is wrong or not supported here.
AdapterSpec read_adapterhub_config(const nlohmann::json& file, const std::string& where,
                                   const BackboneInfo& info);

// The `config` object of a spec, all keys. A `bottleneck_size` becomes the reduction factor that gives it.
// ValueError at `export`, with the remedy, where the library has no words for the spec: trained copies of
// backbone tensors, places beside query, key, value and the feed-forward's linears, scaled inputs.
nlohmann::json adapterhub_config(const AdapterSpec& spec, const BackboneInfo& info);

}  // namespace adaptune
