#pragma once
// What is put on a backbone, and taken off again.

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "backbone/backbone.h"
#include "model/knowledge.h"
#include "nn/adapter.h"

namespace adaptune {

// A trained copy of a tensor of the backbone.
struct OverriddenTensor {
  TensorSlot slot;
  torch::Tensor original, trained;
};

// Something that sits on a backbone while attached and leaves no trace when detached. Its parameters are
// registered under the paths of their sites, "encoder/3/ffn/residual.down.weight". The backbone must outlive
// it.
class Attachment : public torch::nn::Module {
 public:
  using SiteAdapters = std::vector<std::pair<Site*, std::shared_ptr<Adapter>>>;

  ~Attachment() override { detach(); }
  // Attaches to all layers it owns something in but `left_out`, which run as the backbone's own
  // (AdapterDrop).
  void attach(const std::vector<int64_t>& left_out = {});
  // Empties the sites and puts the original tensors back, bitwise.
  void detach();
  // How many of the backbone's lowest layers run as its own, whatever is learned.
  int64_t untouched_layers(const Backbone& backbone) const;
  // The highest layer that it owns something in; -1: none.
  int64_t highest_layer() const;
  // What the backbone is asked for where a head wants `wanted`, and what the head is given then: the features
  // themselves, unless something beside the backbone adds to them.
  Wanted wanted(const Wanted& wanted, const Trunk& known = {}) const {
    return knowledge_ ? knowledge_->wanted(wanted, known) : wanted;
  }
  Features read(const Features& features, const Batch& batch, const Wanted& wanted) const {
    return knowledge_ ? knowledge_->combined(features, batch, wanted) : features;
  }
  // What it has beside the backbone; null: nothing.
  const Knowledge* knowledge() const { return knowledge_ ? &*knowledge_ : nullptr; }
  // What it puts where.
  virtual SiteAdapters site_adapters() const = 0;
  const std::vector<OverriddenTensor>& overridden() const { return overridden_; }
  // Whether an adapter in it reads padded positions.
  bool needs_padding() const;
  // Added to the training loss once a step, by what is attached; undefined: nothing.
  virtual torch::Tensor regularization_loss() const { return {}; }
  // Whether passes leave everything as it is, so that a score does not depend on those before it: a fusion's
  // temperature falls from pass to pass.
  virtual void keep_state(bool /*on*/) {}
  // Whether weight decay may shrink this parameter; asked for matrices only.
  virtual bool decays(const torch::Tensor& /*parameter*/) const { return true; }
  // Whether a forward pass for a head that reads `wanted` computes with this parameter. One that it does not
  // use (the pooler's copy in full fine-tuning under a head on token 0) is kept as it is, not trained.
  bool used(const torch::Tensor& parameter, const Wanted& wanted) const;

 protected:
  // Trains `trained` in the place of a backbone's tensor.
  void own(const TensorSlot& slot, const torch::Tensor& trained);

  std::vector<OverriddenTensor> overridden_;
  std::optional<Knowledge> knowledge_;

  // By the last attach().
  bool is_left_out(int64_t layer) const;

 private:
  SiteAdapters attached_;
  std::vector<int64_t> left_out_;
  bool is_attached_ = false;
};

}  // namespace adaptune
