#pragma once
// Knowledge adapters on an encoder: what they read of it, and what heads read then.

#include <memory>
#include <string>
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

  // What the backbone is asked for where a head wants `wanted` and `trunk` is known.
  Wanted wanted(const Wanted& wanted, const Trunk& trunk) const;
  // The backbone's features with those of the adapters in them, of the tokens that `wanted` names.
  Features combined(const Features& features, const Batch& batch, const Wanted& wanted) const;
  // What each adapter gives, [N, D], from the states it reads; for `chosen` [B, M], rows of the stream, as
  // many of each sequence, [B M, D].
  std::vector<torch::Tensor> outputs(const Features& features, const Tokens& tokens,
                                     const torch::Tensor& chosen = {}) const;
  // All states that are read, the last one's among them, ascending; the last one's alone where the adapters'
  // outputs are known.
  std::vector<int64_t> states(int64_t layers, bool known_outputs) const;
  // Of each adapter, where none of them is learned: their outputs are then as constant as the states. Empty:
  // they are learned.
  std::vector<std::string> constant_adapters() const;
  bool needs_padding() const;
  Combination& combination() const { return *combination_; }

 private:
  std::vector<std::shared_ptr<KnowledgeAdapter>> adapters_;
  std::shared_ptr<Combination> combination_;
};

}  // namespace adaptune
