#include "head/entity_head.h"

#include <utility>

namespace adaptune {

EntityHead::EntityHead(const HeadSpec& spec, const BackboneInfo& info, std::unique_ptr<Objective> objective,
                       int64_t entities)
    : Head(spec, info, std::move(objective)),
      dense_(add_linear("dense", entities * info.hidden_size, info.hidden_size)),
      out_(add_linear("out", info.hidden_size, spec.outputs())) {}

torch::Tensor EntityHead::forward(const Features& features, const Batch& batch) {
  return out_(dropped(dense_(features.marked.reshape({batch.marks.size(0), -1})))).to(torch::kFloat32);
}

}  // namespace adaptune
