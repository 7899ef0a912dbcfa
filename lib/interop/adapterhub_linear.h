#pragma once

#include <nlohmann/json_fwd.hpp>

#include "adapter/ia3.h"
#include "adapter/lora.h"
#include "interop/json_fields.h"

namespace adaptune {

// AdapterHub's LoRAConfig, which also describes IA3 (composition_mode "scale"), without `leave_out` and
// `init_weights_seed`. InputError for gates, DoRA, VeRA and what is wrong.
LoraOptions read_adapterhub_lora(JsonFields& fields);
Ia3Options read_adapterhub_ia3(JsonFields& fields);

// All keys beside the two above. ValueError at `export` for places the library cannot adapt.
nlohmann::json adapterhub_lora(const LoraOptions& given);
nlohmann::json adapterhub_ia3(const Ia3Options& given);

}  // namespace adaptune
