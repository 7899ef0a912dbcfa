#pragma once

#include <nlohmann/json_fwd.hpp>

#include "adapter/bottleneck.h"
#include "backbone/backbone.h"
#include "interop/json_fields.h"

namespace adaptune {

// AdapterHub's BnConfig without `leave_out` and `init_weights_seed`. Absent keys take the defaults of that
// class, not those of a preset. InputError for what is wrong, and for Compacter and invertible adapters.
BottleneckOptions read_adapterhub_bottleneck(JsonFields& fields);

// All keys of BnConfig beside the two above.
nlohmann::json adapterhub_bottleneck(const BottleneckOptions& options, const BackboneInfo& info);

}  // namespace adaptune
