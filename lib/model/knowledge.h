#pragma once
// Knowledge adapters on an encoder: what they read of it, and what heads read then.

#include <memory>
#include <vector>

#include "adapter/combination.h"
#include "adapter/knowledge_adapter.h"
#include "backbone/backbone.h"

namespace adaptune {

class Knowledge {
 public:
  // The adapters' owner trains or freezes them.
  Knowledge(std::vector<std::shared_ptr<KnowledgeAdapter>> adapters,
            std::shared_ptr<Combination> combination);

  // What the backbone is asked for where a head wants `wanted`.
  Wanted wanted(const Wanted& wanted) const;
  // The backbone's features with those of the adapters in them, of the tokens that `wanted` names.
  Features combined(const Features& features, const Batch& batch, const Wanted& wanted) const;
  // All states that are read, the last one's among them, ascending.
  std::vector<int64_t> states(int64_t layers) const;
  bool needs_padding() const;
  Combination& combination() const { return *combination_; }

 private:
  std::vector<std::shared_ptr<KnowledgeAdapter>> adapters_;
  std::shared_ptr<Combination> combination_;
};

}  // namespace adaptune
