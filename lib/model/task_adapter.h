#pragma once
// What a task owns beside its head: adapters at sites, and trained copies of backbone tensors.

#include <torch/torch.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adapter/fusion.h"
#include "adapter/method.h"
#include "backbone/backbone.h"
#include "core/error.h"
#include "model/knowledge.h"

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
  virtual Wanted wanted(const Wanted& wanted) const { return wanted; }
  virtual Features read(const Features& features, const Batch& /*batch*/, const Wanted& /*wanted*/) const {
    return features;
  }
  // The hidden states that it reads beside a backbone of so many layers, the last one's among them; empty:
  // none.
  virtual std::vector<int64_t> read_states(int64_t /*layers*/) const { return {}; }
  // What it puts where.
  virtual SiteAdapters site_adapters() const = 0;
  const std::vector<OverriddenTensor>& overridden() const { return overridden_; }
  // Whether an adapter in it reads padded positions.
  virtual bool needs_padding() const;
  // Added to the training loss once a step, by what is attached; undefined: nothing.
  virtual torch::Tensor regularization_loss() const { return {}; }
  // Whether passes leave everything as it is, so that a score does not depend on those before it: a fusion's
  // temperature falls from pass to pass.
  virtual void keep_state(bool /*on*/) {}
  // Whether weight decay may shrink this parameter; asked for matrices only.
  virtual bool decays(const torch::Tensor& /*parameter*/) const { return true; }
  // Whether a forward pass for a head that reads `wanted` computes with this parameter. One that it does not
  // use (the pooler's copy in full fine-tuning under a head on token 0) is kept as it is, not trained.
  virtual bool used(const torch::Tensor& /*parameter*/, const Wanted& /*wanted*/) const { return true; }

 protected:
  std::vector<OverriddenTensor> overridden_;

  // By the last attach().
  bool is_left_out(int64_t layer) const;

 private:
  SiteAdapters attached_;
  std::vector<int64_t> left_out_;
  bool is_attached_ = false;
};

// Everything in a spec that this backbone cannot do: layers and places that it does not have, or a method
// that finds nothing to adapt.
std::vector<ValueError> adapter_problems(const AdapterSpec& spec, Backbone& backbone);

// Adapters and overrides of one AdapterSpec, fresh. The first of adapter_problems() where there are any.
class TaskAdapter final : public Attachment {
 public:
  TaskAdapter(const AdapterSpec& spec, Backbone& backbone);
  bool used(const torch::Tensor& parameter, const Wanted& wanted) const override;
  SiteAdapters site_adapters() const override { return adapters_; }
  Wanted wanted(const Wanted& wanted) const override;
  Features read(const Features& features, const Batch& batch, const Wanted& wanted) const override;
  std::vector<int64_t> read_states(int64_t layers) const override;
  bool needs_padding() const override;
  // Null but for the method k_adapter.
  const std::shared_ptr<KnowledgeAdapter>& knowledge_adapter() const { return knowledge_adapter_; }

 private:
  // A fresh one, or the one that another layer has already where they share.
  std::shared_ptr<Adapter> adapter_for(const AdapterSpec& spec, const SiteInfo& site);
  void add_overrides(const AdapterSpec& spec, Backbone& backbone);
  void add_knowledge(const KnowledgeOptions& options, const BackboneInfo& info);

  SiteAdapters adapters_;
  int64_t backbone_layers_;
  std::shared_ptr<KnowledgeAdapter> knowledge_adapter_;
  std::optional<Knowledge> knowledge_;  // that adapter alone, as the task trains it
};

// By a site's path: the members, by index, that a pruned fusion still has there. All where a site is missing.
using KeptMembers = std::map<std::string, std::vector<int64_t>>;

// A fusion at every site where members have bottlenecks, or a combination of knowledge adapters beside the
// backbone. The members are borrowed and frozen.
class TaskFusion final : public Attachment {
 public:
  struct FusedSite {
    Site* site;
    std::shared_ptr<Fusion> fusion;
    std::vector<int64_t> members;  // by index among those of the constructor
  };

  // ValueError at `fusion.drop.layers` or `fusion.adapters` where nothing would be fused.
  TaskFusion(const FusionOptions& options, const std::vector<std::shared_ptr<TaskAdapter>>& members,
             Backbone& backbone);
  SiteAdapters site_adapters() const override;
  Wanted wanted(const Wanted& wanted) const override;
  Features read(const Features& features, const Batch& batch, const Wanted& wanted) const override;
  std::vector<int64_t> read_states(int64_t layers) const override;
  bool needs_padding() const override;
  // Prunes. InputError for a site that is not fused or does not have these members.
  void keep(const KeptMembers& kept);
  torch::Tensor regularization_loss() const override;
  // The value matrices do not: they are drawn to the identity, not to zero.
  bool decays(const torch::Tensor& parameter) const override;
  void keep_state(bool on) override;
  void train(bool on = true) override;
  const std::vector<FusedSite>& fusions() const { return fusions_; }
  // Of knowledge adapters; null: of bottlenecks, at sites.
  Combination* combination() const { return knowledge_ ? &knowledge_->combination() : nullptr; }
  int64_t member_parameters() const;

 private:
  void fuse_sites(const FusionOptions& options, Backbone& backbone);
  void combine(const FusionOptions& options, const Backbone& backbone);

  std::vector<std::shared_ptr<TaskAdapter>> members_;
  std::vector<FusedSite> fusions_;
  std::optional<Knowledge> knowledge_;
};

// Copies `tensors` into the parameters and buffers of `module`; InputError naming every missing, unexpected
// and misshaped tensor. `where` starts the message. A missing buffer keeps its value: files of other programs
// do not hold it.
void load_parameters(torch::nn::Module& module, const TensorMap& tensors, const std::string& where);
TensorMap parameter_map(const torch::nn::Module& module);
int64_t parameter_count(const torch::nn::Module& module);
// Parameters of a backbone, and those a spec overrides, by their shapes alone; running statistics are none.
int64_t shape_count(Backbone& backbone);
int64_t overridden_count(const AdapterSpec& spec, Backbone& backbone);

}  // namespace adaptune
